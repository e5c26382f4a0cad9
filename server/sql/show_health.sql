-- How each node is, by what it told last. Silent ones are listed until they are forgotten (node_rule).
select s.node, case when node_is_alive(s) then (s.told ->> 'state')::int2 when s.told ->> 'state' = '2' then 3::int2 else 4::int2 end as state,
  s.told ->> 'fault' as fault, moment_of((s.told ->> 'started')::int8) as started, s.at as seen_at, (s.told ->> 'process')::int4 as process,
  s.told ->> 'version' as version, (select max(m.name) from migration m) as schema, (s.told ->> 'sessions')::int4 as sessions,
  (s.told ->> 'writes_waiting')::int4 as writes_waiting, least(greatest(h.seq - (s.told ->> 'head')::int8, 0), 2147483647)::int4 as feed_lag,
  (s.told ->> 'database_ms')::int4 as database_ms,
  days_until(moment_of((s.told ->> 'certificate')::int8)) as certificate_days,
  moment_of((s.told ->> 'certificate')::int8) as certificate_until, (s.told ->> 'level')::int2 as log_level,
  (s.told ->> 'dropped')::int4 as lines_dropped
from node_status s cross join feed_head h
where :node::text is null or s.node = :node::text
order by s.node, s.first
