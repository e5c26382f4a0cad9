-- Whoever loses a dispute because its area was corrected hears so, as of an incident: functions/rights.sql, feed_told.
drop index feed_moved;
create index feed_moved on feed(seq) where kind in ('correct_incident', 'correct_dispute') and changed @> '{area}';
