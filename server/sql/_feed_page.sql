-- What the caller may see, in order: the merge of the feeds of the offices of which the caller sees anything, each read from its index, and
-- of the records that are open to the caller by name. An event whose record is hidden all the same (its level) has its place and nothing
-- else, for the page ends with the last row looked at.
select s.seq, f.at, f.kind, f.entity, f.no, f.version, f.state, f.class, f.level, f.office, f.office_name, f.officer, f.title, f.changed, f.old_values, f.new_values, f.note,
  f.threats, f.repeat_count, f.act, null::int4[] as audience, f.actor, f.hash
from (
    select s.seq
    from unnest(origins_any()) as seen(origin)
      cross join lateral (
        select e.seq from feed_told e where e.origin = seen.origin and e.seq > :after::int8 and e.seq <= :until::int8
        order by e.seq limit :limit::int4) s
    union all
    select e.seq
    from unnest(records_named()) as named(num) join incident i using (num) cross join unnest(i.events) as e(seq)
    where i.origin <> all (origins_any()) and e.seq > :after::int8 and e.seq <= :until::int8
    order by seq
    limit :limit::int4) s
  left join feed f using (seq)
order by s.seq
