-- Its reader is written down where it tells who reported, and where the record itself is sensitive: see audit_read. An old one counts: row_read.
select r.*, incident_moves(i) as allowed, told.reason
from incident_find(:incident::text) f
  left join incident i using (num)
  left join lateral incident_record(i, identity_shown(i)) r on true
  cross join lateral audit_read('show_incident', :incident::text, coalesce(f.reason, row_read('show_incident', i)), r.id, r.no, i.sensitivity, array_remove(array[
    case when r.reporter <> masked('', false) then 'reporter' end,
    case when r.reporter_phone <> masked('', false) then 'reporter_phone' end], null)) as told(reason)
