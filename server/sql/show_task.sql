-- Its reader is written down where the record is sensitive: see audit_read.
select r.*, record_moves(5::int2, record_row(f.num)) as allowed, told.reason
from record_find(:task::text, 5::int2) f
  left join task t using (num)
  left join lateral task_record(t) r on true
  cross join lateral audit_read('show_task', :task::text, f.reason, r.id, r.no, t.sensitivity, null) as told(reason)
