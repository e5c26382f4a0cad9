-- One row per changed field of each event, oldest first; an event that changed no field has one row. A page ends with the event that
-- brings it over 400 kB: a frame holds that and the largest event there can be. Its mark is a version, which counts nothing hidden.
-- Its reader is written down where the page tells who reported, and where the record itself is sensitive: see audit_read. An old one counts: row_read.
with found as materialized (select * from record_find(:incident::text, case when :record::int2 is null or :record::int2 = 0 then null else :record::int2 end)),
  told as materialized (
    select r.id, f.version, f.at, f.office, f.office_name, f.officer, f.kind, c.field, told(c.field, c.old_value, identity.shown) as old_value, told(c.field, c.new_value, identity.shown) as new_value,
      numbers_hidden(f.note, identity.shown) as note, c.n,
      sum(w.bytes) over (order by f.version) - sum(w.bytes) over (partition by f.version) as before
    from found
      join any_record r using (num)
      cross join lateral (select coalesce((select identity_shown(i) from incident i where i.num = r.num), false) as shown) identity
      join feed f on f.seq = any (r.events) and f.version > coalesce(page_int8(:page::bytea, 1), 0)
      left join lateral unnest(f.changed, f.old_values, f.new_values) with ordinality as c(field, old_value, new_value, n) on true
      cross join lateral (select 200 + coalesce(octet_length(c.old_value), 0) + coalesce(octet_length(c.new_value), 0)
        + coalesce(octet_length(f.note), 0) as bytes) w
  ),
  answer as materialized (
    select a.reason
    from found left join any_record r using (num)
      cross join lateral audit_read('show_history', :incident::text,
        coalesce(found.reason, (select row_read('show_history', i) from incident i where i.num = r.num)), r.id, record_no(r.num), r.sensitivity,
        (select array_agg(distinct t.field) from told t where t.before < 400000 and identity_field(t.field)
          and coalesce(t.new_value, t.old_value) <> masked('', false))) as a(reason)
  )
select t.version, t.at, t.office, t.office_name, t.officer, t.kind, t.field, t.old_value, t.new_value, t.note, answer.reason, t.id as sealed_record, record_type_of((select num from found)) as record,
  (select int8send(max(l.version)) from told l
   where l.before < 400000 and exists (select from told m where m.before >= 400000)) as next
from answer left join told t on t.before < 400000
where t.version is not null or answer.reason is not null
order by t.version, t.n
