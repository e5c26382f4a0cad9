-- A row a way of mediation, and what they come to.
with counted as materialized (select s.num, s.mode from session_fault(:dispute::text, :office::text) f(reason)
    cross join lateral session_spans(:dispute::text, :office::text, figure_asof(:asof::timestamptz), :from::timestamptz, :until::timestamptz) s where f.reason is null)
select c.mode as session_mode, c.n as sessions, (select count(*) from counted) as total, (select count(distinct x.num) from counted x) as disputes,
  (select count(*) from counted x group by x.num order by 1 desc limit 1) as rounds, figure_asof(:asof::timestamptz) as asof, session_fault(:dispute::text, :office::text) as reason
from (select 1) one left join (select x.mode, count(*) as n from counted x group by 1) c on true
order by c.mode
