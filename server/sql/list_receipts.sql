select o.code as office, o.name as office_name, t.step, r.person, r.delivered_at, r.shown_at, r.acked_at, r.acted_at,
  f.reason
from record_find(:alert::text, 4::int2) f
  left join (alert_office t join office o on o.id = t.office left join alert_receipt r on r.num = t.num and r.office = t.office) on t.num = f.num
where f.reason is not null or t.num is not null
order by t.step, o.code, r.acked_at nulls last, r.delivered_at nulls last, r.person
