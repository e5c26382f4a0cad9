with found as materialized (select * from record_find(:dispute::text, 2::int2)),
  hits as materialized (
    select v.*, row_number() over (order by v.seq) as n from found f join visit v using (num)
    where f.reason is null and v.seq > coalesce(page_int8(:page::bytea, 1), 0)
    order by v.seq limit page_size(:limit::int4) + 1
  )
select v.seq as visit_no, v.visited_at, v.entered_at, v.performed, v.satisfaction, v.relapse, v.note, o.name as office_name, v.officer,
  (select int8send(l.seq) from hits l where l.n = page_size(:limit::int4) and exists (select from hits m where m.n > l.n)) as next, f.reason
from found f left join (hits v join office o on o.id = v.office) on v.n <= page_size(:limit::int4)
where v.n is not null or f.reason is not null
order by v.seq
