-- Not an event: a member of a commit group only so that it is durable when it is answered.
select case when f.reason is null then record_no(f.num) end as alert, c.at, f.reason
from record_find(:alert::text, 4::int2) f left join lateral alert_confirm(f.num, :shown::bool) c on f.reason is null
