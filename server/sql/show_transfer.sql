-- Its reader is written down where the record is sensitive: see audit_read.
select r.*, record_moves(3::int2, record_row(f.num)) as allowed, told.reason
from record_find(:transfer::text, 3::int2) f
  left join transfer t using (num)
  left join lateral transfer_record(t) r on true
  cross join lateral audit_read('show_transfer', :transfer::text, f.reason, r.id, r.no, t.sensitivity, null) as told(reason)
