-- Begins a download, which is written down where the record is sensitive; the chunks are then for whoever began: get_chunk.sql.
select t.*, admitted.reason, r.id as sealed_record
from (select :attachment::int8 as wanted) asked
  left join attachment a on a.id = asked.wanted
  left join any_record r on r.num = a.num
  cross join lateral audit_read('get_attachment', record_no(r.num), case when a.id is null or a.attached_at is null then 'NOT_FOUND' end, r.id, record_no(r.num), r.sensitivity, null)
    as told(reason)
  cross join lateral attachment_admit(a.id, told.reason) as admitted(reason)
  left join lateral attachment_record(a) t on admitted.reason is null
