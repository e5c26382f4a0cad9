-- Every device, by name: what the directory says of it, and when it was seen last.
with hits as (
    select d.id, convert_to(d.name, 'UTF8') as key, row_number() over (order by convert_to(d.name, 'UTF8')) as r
    from device d join office o on o.id = d.office left join device_seen e on e.device = d.id
    where (:office::text is null or o.code = :office::text)
      and (:expires_within::int4 is null or e.certificate_until < now() + make_interval(days => least(:expires_within::int4, 36500)))
      and (:page::bytea is null or convert_to(d.name, 'UTF8') > :page::bytea)
    order by key
    limit least(greatest(coalesce(:limit::int4, 200), 1), 500) + 1)
select d.name as device, o.code as office, o.name as office_name, d.officer, d.role, d.unattended, d.revoked,
  e.certificate_until, days_until(e.certificate_until) as certificate_days,
  e.at as seen_at, (select count(*)::int4 from node_session s join node_status n using (instance) where s.device = d.id and node_is_alive(n)) as sessions,
  e.address, e.client, asked.reason,
  (select l.key from hits l
   where l.r = least(greatest(coalesce(:limit::int4, 200), 1), 500) and exists (select from hits m where m.r > l.r)) as next
from (select case when :office::text is not null and not exists (select from office x where x.code = :office::text) then 'UNKNOWN_VALUE office' end as reason) asked
  left join (hits h join device d using (id) join office o on o.id = d.office left join device_seen e on e.device = d.id)
    on h.r <= least(greatest(coalesce(:limit::int4, 200), 1), 500)
where d.id is not null or asked.reason is not null
order by h.r
