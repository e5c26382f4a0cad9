-- What the caller may see, in order: the merge of the feeds of the offices of which the caller sees anything, each read from its index, and
-- of the records that are open to the caller by name, or of the caller's areas. An event whose record is hidden all the same (its level) has its place and nothing
-- else, for the page ends with the last row looked at; one that changed who sees the record has what a Retract is made of (`at` is NULL).
select s.seq, f.at, coalesce(f.kind, r.kind) as kind, coalesce(f.entity, r.entity) as entity, coalesce(f.no, r.no) as no, f.version, f.state, f.class, f.level,
  f.office, f.office_name, f.officer, f.title, f.changed, f.old_values, f.new_values, f.note, f.threats, f.repeat_count, f.act, null::int4[] as audience,
  f.actor, coalesce(f.hash, r.hash) as hash, coalesce(f.num, r.num) as num, coalesce(f.origin, r.origin) as origin, null::int2 as sensitivity,
  r.was, r.subject, null::int8[] as named,
  case when (select areas_any()) <> '{}' then (select a.area from record_area a where a.num = coalesce(f.num, r.num)) end as area, r.area_was
from (
    select s.seq
    from unnest(origins_any()) as seen(origin)
      cross join lateral (
        select e.seq from feed_told e where e.origin = seen.origin and e.seq > :after::int8 and e.seq <= :until::int8
        order by e.seq limit :limit::int4) s
    union all
    select e.seq
    from unnest(records_told()) as told(num) join record_events e using (num)
    where e.origin <> all (origins_any()) and e.seq > :after::int8 and e.seq <= :until::int8
    union all
    select e.seq
    from unnest(areas_any()) as mine(area)
      cross join lateral (
        select e.seq from area_events e
        where e.area = mine.area and e.last > :after::int8 and e.seq > :after::int8 and e.seq <= :until::int8
          and e.origin <> all (origins_any()) and e.num <> all (records_told())
        order by e.seq limit :limit::int4) e
    union all
    select t.seq  -- what was taken out of these areas
    from feed_told t
    where (select areas_any()) <> '{}' and t.kind in ('correct_incident', 'correct_dispute') and t.changed @> '{area}' and t.seq > :after::int8 and t.seq <= :until::int8
      and t.area_was = any (areas_any()) and coalesce(t.area <> all (areas_any()), true) and t.origin <> all (origins_any()) and t.num <> all (records_told())
    order by seq
    limit :limit::int4) s
  left join feed f using (seq)
  left join lateral (select * from feed_told t where t.seq = s.seq and (t.kind in ('grade_incident', 'grant_access', 'withdraw_access', 'break_glass', 'decide_review') or t.area_was is not null)
                     and (f.seq is null or f.kind in ('grade_incident', 'grant_access', 'withdraw_access', 'break_glass', 'decide_review', 'correct_incident', 'correct_dispute')) limit 1) r on true
order by s.seq
