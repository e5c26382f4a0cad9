-- What may be the same matter as a dispute, and why: alarms and disputes by a party's phone, a person or the place, close in time first.
with found as materialized (select f.num, f.reason, d as about, d.id, d.sensitivity from record_find(:dispute::text, 2::int2) f left join dispute d using (num)),
  family as materialized (select unnest(dispute_family(f.num)) as num from found f where f.reason is null),
  parties as materialized (select p.* from family f join party p on p.dispute = f.num where p.removed_at is null),
  alike as (
    select i.num, 1::int2 as record, i.received_at as at, i.origin, 1::int2 as why, numbers_hidden(left(i.content, 60), false) as title from parties p join incident i on i.phone_index = p.phone_index
    union select i.num, 1, i.received_at, i.origin, 2, numbers_hidden(left(i.content, 60), false) from found f join incident i on i.place_index = (f.about).place_index
    union select i.num, 1, i.received_at, i.origin, 2, numbers_hidden(left(i.content, 60), false) from parties p join incident i on i.place_index = p.domicile_index
    union select i.num, 1, i.received_at, i.origin, 1, numbers_hidden(left(i.content, 60), false) from family f join record_link l on l.dispute = f.num and l.undone_at is null join incident k on k.num = l.incident
      join incident i on i.phone_index = k.phone_index
    union select d.num, 2, d.created_at, d.origin, 3, d.title from parties p join party q on q.person = p.person join dispute d on d.num = q.dispute
    union select d.num, 2, d.created_at, d.origin, 1, d.title from parties p join party q on q.phone_index = p.phone_index join dispute d on d.num = q.dispute
    union select d.num, 2, d.created_at, d.origin, 2, d.title from found f join dispute d on d.place_index = (f.about).place_index),
  grouped as (
    select a.num, a.record, a.at, a.origin, a.title, array_agg(distinct a.why order by a.why) as reasons, round(abs(extract(epoch from a.at - (f.about).created_at)) / 60)::int4 as minutes
    from alike a cross join found f
    where a.num <> all (select x.num from family x) and not exists (select from record_link l where l.incident = a.num and l.undone_at is null and l.dispute in (select x.num from family x))
      and a.at > (f.about).created_at - proposal_span()
    group by a.num, a.record, a.at, a.origin, a.title, f.about),
  answer as materialized (select a.reason from found f cross join lateral audit_read('list_suspects', :dispute::text, f.reason, f.id, record_no(f.num), f.sensitivity, null) as a(reason))
select g.record, record_no(g.num) as no, g.at, o.code as office, o.name as office_name, g.title, g.reasons || case when g.minutes <= extract(epoch from suspect_span()) / 60 then array[4::int2] else '{}' end as reasons,
  g.minutes, answer.reason
from answer left join ((select * from grouped x order by cardinality(x.reasons) desc, x.minutes, x.num limit 10) g join office o on o.id = g.origin) on answer.reason is null
where g.num is not null or answer.reason is not null
order by cardinality(g.reasons) desc, g.minutes, g.num
