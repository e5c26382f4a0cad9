-- Lines in the order in which they were taken, each page shown in the order of their own clocks. Every answer tells how far it looked,
-- also one without lines, so that a filter that lets little through never looks twice at the same lines.
with asked as (
    select coalesce(page_int8(:cursor::bytea, 1), microseconds(coalesce(:since::timestamptz, clock_timestamp() - interval '10 minutes'))) as after,
      least(greatest(coalesce(:limit::int4, 200), 1), 500) as most
  ), hits as materialized (
    select l.* from node_log l
    where l.id > (select a.after from asked a)
      and (:since::timestamptz is null or l.at >= :since::timestamptz)
      and (coalesce(:level::int2, 0) = 0 or l.level <= :level::int2)
      and (:word::text is null or l.event = :word::text or right(:word::text, 1) = '*' and starts_with(l.event, rtrim(:word::text, '*')))
      and (:office::text is null or l.office = :office::text)
      and (:node::text is null or l.node = :node::text)
      and (:grep::text is null or strpos(l.event || ' ' || l.text, :grep::text) > 0)
    order by l.id limit (select a.most from asked a)
  )
select h.at, h.node, h.level, h.event, h.office, h.text,
  int8send(case when (select count(*) from hits) = a.most then (select max(m.id) from hits m)
           else greatest(a.after, (select max(l.id) from node_log l)) end) as cursor
from asked a left join hits h on true
order by h.at, h.id
