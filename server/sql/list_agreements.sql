with found as materialized (select * from record_find(:dispute::text, 2::int2)),
  hits as materialized (
    select a.*, row_number() over (order by a.seq) as n from found f join agreement a using (num)
    where f.reason is null and a.seq > coalesce(page_int8(:page::bytea, 1), 0)
    order by a.seq limit page_size(:limit::int4) + 1
  )
select a.seq as agreement_no, a.form as agreement_form, a.terms, a.effective_at, a.perform_by, a.confirm_by, a.court, a.applied_at, a.confirmed, a.decided_at,
  a.performance, a.performed_at, o.name as office_name, a.officer, a.entered_at,
  (select int8send(l.seq) from hits l where l.n = page_size(:limit::int4) and exists (select from hits m where m.n > l.n)) as next, f.reason
from found f left join (hits a join office o on o.id = a.office) on a.n <= page_size(:limit::int4)
where a.n is not null or f.reason is not null
order by a.seq
