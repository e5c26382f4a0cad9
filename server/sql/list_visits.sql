select v.seq as visit_no, v.visited_at, v.entered_at, v.performed, v.satisfaction, v.relapse, v.note, o.name as office_name, v.officer,
  f.reason
from record_find(:dispute::text, 2::int2) f left join (visit v join office o on o.id = v.office) on v.num = f.num and f.reason is null
where v.id is not null or f.reason is not null
order by v.seq
