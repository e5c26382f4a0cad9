-- One row per changed field of each event, oldest first; an event that changed no field has one row.
select f.version, f.at, f.office, f.officer, f.kind, c.field, c.old_value, c.new_value, f.note, n.reason
from incident_find(:incident::text) n
  left join incident i using (num)
  left join feed f on f.seq = any (i.events)
  left join lateral unnest(f.changed, f.old_values, f.new_values) with ordinality as c(field, old_value, new_value, n) on true
order by f.seq, c.n
