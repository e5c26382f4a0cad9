-- What one office may see, in order: the merge of the feeds of the offices it sees, each read from its index.
select f.seq, f.at, f.kind, f.entity, f.no, f.version, f.state, f.class, f.level, f.office, f.office_name, f.officer, f.title, f.changed, f.old_values, f.new_values, f.note,
  f.threats, f.repeat_count, f.act, null::int4[] as audience, f.actor, f.hash
from (
    select s.seq
    from unnest(sees(:office::int4)) as seen(origin)
      cross join lateral (
        select e.seq from feed e where e.origin = seen.origin and e.seq > :after::int8 and e.seq <= :until::int8
        order by e.seq limit :limit::int4) s
    order by s.seq
    limit :limit::int4) s
  join feed f using (seq)
order by s.seq
