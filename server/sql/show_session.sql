-- The private note of a session; its reader is written down.
select n.id, record_no(f.num) as no, :round::int4 as round, n.note_private, told.reason
from record_find(:dispute::text, 2::int2) f
  left join dispute d using (num)
  left join lateral session_note(f.num, :round::int4) n on f.reason is null
  cross join lateral audit_read('show_session', :dispute::text, coalesce(f.reason, n.reason), d.id, record_no(f.num), 3::int2, array['note_private']) as told(reason)
