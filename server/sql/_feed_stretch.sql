-- What the caller may see of a short stretch of the feed, in order: for one who sees most of what happens. The same rows as _feed_page,
-- without the places of what is hidden. Neither tells the audience, which the ring alone asks for: without that array catching up took
-- about a sixth less time (2026-11).
(select f.seq, f.at, f.kind, f.entity, f.no, f.version, f.state, f.class, f.level, f.office, f.office_name, f.officer, f.title, f.changed, f.old_values, f.new_values, f.note,
  f.threats, f.repeat_count, f.act, null::int4[] as audience, f.actor, f.hash, f.num, f.origin, null::int2 as sensitivity, r.was, r.subject,
  null::int8[] as named,
  case when (select areas_any()) <> '{}' then (select a.area from record_area a where a.num = f.num) end as area, r.area_was
from feed f
  left join lateral (select t.was, t.subject, t.area_was from feed_told t where t.seq = f.seq and f.kind in ('grade_incident', 'grant_access', 'withdraw_access', 'break_glass', 'decide_review', 'correct_incident', 'correct_dispute') limit 1) r on true  -- nothing is looked up for others
where f.seq > :after::int8 and f.seq <= :until::int8
order by f.seq
limit :limit::int4)
union all
(select t.seq, null, t.kind, t.entity, t.no, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
  t.hash, t.num, t.origin, null, t.was, t.subject, null,
  t.area, t.area_was
from feed_told t
where t.kind in ('grade_incident', 'grant_access', 'withdraw_access', 'break_glass', 'decide_review') and t.seq > :after::int8 and t.seq <= :until::int8
  and (t.origin = any (origins_any()) or t.num = any (records_told()) or t.area = any (areas_any())) and not exists (select from feed f where f.seq = t.seq)
order by t.seq
limit :limit::int4)
union all
(select t.seq, null, t.kind, t.entity, t.no, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
  t.hash, t.num, t.origin, null, t.was, t.subject, null, t.area, t.area_was
from feed_told t  -- what was taken out of the caller's areas
where (select areas_any()) <> '{}' and t.kind in ('correct_incident', 'correct_dispute') and t.changed @> '{area}' and t.seq > :after::int8 and t.seq <= :until::int8
  and t.area_was = any (areas_any()) and not exists (select from feed f where f.seq = t.seq)
order by t.seq
limit :limit::int4)
order by seq
limit :limit::int4
