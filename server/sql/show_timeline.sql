-- Oldest first: the alarms that a dispute is about, other jurisdictions' too, and what was done on it and on what was merged into it. An incident
-- that the caller does not see is not there. The newest :limit of them.
with found as materialized (select f.num, f.reason, d.id, d.sensitivity from record_find(:dispute::text, 2::int2) f left join dispute d using (num)),
  family as materialized (select unnest(dispute_family(f.num)) as num from found f where f.reason is null),
  linked as materialized (select distinct on (l.incident, l.external_no, l.external_office) l.* from family f join record_link l on l.dispute = f.num and l.undone_at is null
    order by l.incident, l.external_no, l.external_office, l.id),
  entries as (
    select i.received_at as at, 1 as source, i.id, incident_no(i.num) as no, 'report_incident' as kind, o.code as office, o.name as office_name, i.created_by as officer,
      i.class, i.level, told('place', i.place, false) as place, numbers_hidden(left(i.content, 300), false) as content
    from linked l join incident i on i.num = l.incident join office o on o.id = i.origin
    union all
    select l.external_at, 2, null, l.external_no, null, null, l.external_office, l.made_by, null, null, null, numbers_hidden(left(l.reason, 300), false)
    from linked l where l.incident is null
    union all
    select e.at, 3, e.entity, e.no, e.kind, e.office, e.office_name, e.officer, null, null, null, numbers_hidden(left(coalesce(e.note,
      (select c.said from unnest(e.changed, e.new_values) c(field, said) where c.field in ('note_open', 'linked', 'consent', 'extension_consent', 'outcome_note', 'court') limit 1)), 300), false)
    from family f join dispute d using (num) join feed e on e.seq = any (d.events)
  ),
  shown as (
    select * from entries e
    where (:from::timestamptz is null or e.at >= :from::timestamptz) and (:until::timestamptz is null or e.at < :until::timestamptz)
    order by e.at desc, e.source desc limit page_size(:limit::int4)
  ),
  answer as materialized (
    select a.reason from found f cross join lateral audit_read('show_timeline', :dispute::text, f.reason, f.id, record_no(f.num), f.sensitivity, null) as a(reason)
  )
select s.at, s.source, s.id, s.no, s.kind, s.office, s.office_name, s.officer, s.class, s.level, s.place, s.content, answer.reason
from answer left join shown s on answer.reason is null
where s.at is not null or answer.reason is not null
order by s.at, s.source
