-- The plan, and a row for each of its tasks. Its reader is written down where the record is sensitive: see audit_read.
with found as materialized (select f.num, coalesce(f.reason, case when a.planned_at is null then 'NO_PLAN alert' end) as reason, a.id, a.sensitivity
    from record_find(alert_named(:alert::text), 4::int2) f left join alert a using (num)),
  answer as materialized (
    select a.reason from found f cross join lateral audit_read('show_plan', :alert::text, f.reason, f.id, record_no(f.num), f.sensitivity, null) as a(reason)
  )
select record_no(a.num) as alert, a.state as alert_state, a.title as alert_title, record_no(a.about) as incident, a.plan, a.planned_at, a.planned_by, a.review, a.lessons,
  a.reviewed_at, a.reviewed_by, t.*, answer.reason
from answer cross join found f
  left join alert a on a.num = f.num and answer.reason is null
  left join lateral (select r.* from task k cross join lateral task_record(k) r where k.about = any (alert_family(a.num))) t on true
order by t.no
