-- Its reader is written down where the record is sensitive: see audit_read.
select r.*, record_moves(2::int2, record_row(f.num)) as allowed, told.reason
from record_find(:dispute::text, 2::int2) f
  left join dispute d using (num)
  left join lateral dispute_record(d) r on true
  cross join lateral audit_read('show_dispute', :dispute::text, f.reason, r.id, r.no, d.sensitivity, null) as told(reason)
