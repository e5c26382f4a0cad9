-- Its reader is written down where the record is sensitive: see audit_read.
select r.*, record_moves(4::int2, record_row(f.num)) as allowed, told.reason
from record_find(:alert::text, 4::int2) f
  left join alert a using (num)
  left join lateral alert_record(a) r on true
  cross join lateral audit_read('show_alert', :alert::text, f.reason, r.id, r.no, a.sensitivity, null) as told(reason)
