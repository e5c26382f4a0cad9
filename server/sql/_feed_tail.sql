-- What the running commit group has appended; see _pen.sql. Same columns as _feed_pull.
select seq, at, kind, entity, no, version, state, class, level, office, office_name, officer, title, changed, old_values, new_values, note,
  threats, repeat_count, act, audience, actor, hash, num, origin, sensitivity, was, subject, named, area, area_was
from feed_told
where seq > current_setting('liandong.pen')::int8
order by seq
