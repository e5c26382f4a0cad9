-- Open sessions of every node that is heard of, by node and number. A node tells a new or ended session within a second, its counts
-- when they changed and its turn has come (call/operation.h).
with hits as (
    select n.node, s.conn, s.device, s.told, k.key, row_number() over (order by k.key) as r
    from node_session s join node_status n using (instance) join device d on d.id = s.device join office o on o.id = d.office
      cross join lateral (select convert_to(n.node, 'UTF8') || '\x00' || int8send(s.conn) as key) k
    where node_is_alive(n)
      and (:node::text is null or n.node = :node::text)
      and (:office::text is null or o.code = :office::text)
      and (:device::text is null or d.name = :device::text)
      and (:page::bytea is null or k.key > :page::bytea)
    order by k.key
    limit least(greatest(coalesce(:limit::int4, 200), 1), 500) + 1)
select h.node || '/' || h.conn as session, h.told ->> 'office' as office, h.told ->> 'officer' as officer, d.name as device,
  (h.told ->> 'role')::int2 as role, h.told ->> 'address' as address, moment_of((h.told ->> 'since')::int8) as since,
  moment_of((h.told ->> 'last_at')::int8) as last_at, h.told ->> 'last_request' as last_request, (h.told ->> 'bytes_in')::int8 as bytes_in,
  (h.told ->> 'bytes_out')::int8 as bytes_out, (h.told ->> 'queue')::int8 as queue, h.told ->> 'client' as client,
  (h.told ->> 'watches')::bool as watches,
  (select l.key from hits l
   where l.r = least(greatest(coalesce(:limit::int4, 200), 1), 500) and exists (select from hits m where m.r > l.r)) as next
from hits h join device d on d.id = h.device
where h.r <= least(greatest(coalesce(:limit::int4, 200), 1), 500)
order by h.r
