-- Every office has its code and name known by all; a page ends with a code, after which the next begins.
with recursive wanted(id) as (
    select o.id from office o where case when :office::text is null then true else o.code = :office::text end
    union
    select o.id from office o join wanted w on o.parent = w.id where :office::text is not null
  ), page as (
    select o.*, row_number() over (order by o.code) as n from wanted join office o using (id)
    where o.closed_on is null and o.code > coalesce(encode(:page::bytea, 'escape'), '')
    order by o.code limit page_size(:limit::int4) + 1
  )
select o.code as office, o.name, o.system, array_position(array['station', 'judicial', 'bureau', 'partner'], o.kind) as kind,
  (select p.code from office p where p.id = o.parent) as parent, o.version, o.partner_kind,
  partner_kind_text(o.partner_kind, :caller_english::bool) as partner_kind_name,
  (select coalesce(array_agg(b.code order by b.code), '{}') from pairing p join office b on b.id = case when p.station = o.id then p.judicial else p.station end
   where o.id in (p.station, p.judicial) and p.station_agreed and p.judicial_agreed and p.started_on <= today()
     and (p.ended_on is null or p.ended_on > today())) as paired_with,
  (select count(distinct a.account)::int4 from assignment a where a.office = o.id and (a.ended_on is null or a.ended_on > today())) as account_count,
  (select count(*)::int4 from device d where d.office = o.id and not d.revoked) as device_count,
  case when exists (select from page m where m.n > page_size(:limit::int4))
       then (select decode(l.code, 'escape') from page l where l.n = page_size(:limit::int4)) end as next
from page o where o.n <= page_size(:limit::int4)
order by o.n
