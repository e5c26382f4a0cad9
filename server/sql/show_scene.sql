-- Oldest first, the newest :limit of them. Of a receipt one row a person, before he signed: when it stood on a screen, else when it came to a terminal;
-- signing and acting are events. Each part is there for whoever may see its record. Its reader is written down: see show_history.
with found as materialized (select f.num, coalesce(f.reason, case when record_type_of(f.num) not in (1, 4) then 'UNKNOWN_VALUE incident' end) as reason
    from record_find(:incident::text, case when :record::int2 = 0 then null else :record::int2 end) f),
  answer as materialized (
    select a.reason
    from found f left join any_record r using (num)
      cross join lateral audit_read('show_scene', :incident::text, coalesce(f.reason, (select row_read('show_scene', i) from incident i where i.num = f.num)), r.id,
        record_no(f.num), r.sensitivity, null) as a(reason)
  ),
  parts as materialized (select r.num, r.events from found f join any_record r on r.num = any (scene_records(f.num)) where f.reason is null),
  entries as (
    select e.at, e.seq, e.no, e.kind, e.office, e.office_name, e.officer, scene_said(e) as content
    from parts p join feed e on e.seq = any (p.events)
    where e.kind not in ('grant_access', 'withdraw_access', 'supersede_alert')
    union all
    (select distinct on (x.num, x.office, x.person) k.at, null, record_no(x.num), k.kind, o.code, o.name, x.person, null
     from parts p join alert_receipt x using (num) join office o on o.id = x.office
       cross join lateral (values ('receipt_delivered', x.delivered_at), ('receipt_shown', x.shown_at)) k(kind, at)
     where k.at < coalesce(x.acked_at, x.acted_at, 'infinity')
     order by x.num, x.office, x.person, k.kind desc, k.at)
  ),
  shown as (
    select * from entries e
    where (:from::timestamptz is null or e.at >= :from::timestamptz) and (:until::timestamptz is null or e.at < :until::timestamptz)
    order by e.at desc, e.seq desc limit coalesce(:limit::int4, 500)
  )
select s.at, s.no, s.kind, s.office, s.office_name, s.officer, s.content, answer.reason
from answer left join shown s on answer.reason is null
where s.at is not null or answer.reason is not null
order by s.at, s.seq nulls last
