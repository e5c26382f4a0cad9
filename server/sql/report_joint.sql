-- A row a pairing; a dispute of two pairings is in both, and once in the sum.
with counted as materialized (select s.* from figure_fault(:office::text) f(reason)
    cross join lateral joint_counts(:office::text, :asof::timestamptz, :from::timestamptz, :until::timestamptz) s where f.reason is null)
select p.code as station, p.name as station_name, j.code as judicial, j.name as judicial_name, c.n as disputes,
  (select coalesce(sum(x.n) filter (where x.num is null), 0)::int8 + count(distinct x.num) from counted x) as total, figure_asof(:asof::timestamptz) as asof,
  figure_fault(:office::text) as reason
from (select 1) one left join (select s.station, s.judicial, sum(s.n)::int8 as n from counted s group by 1, 2 having sum(s.n) > 0) c on true
  left join office p on p.id = c.station left join office j on j.id = c.judicial
order by c.n desc, p.code, j.code
