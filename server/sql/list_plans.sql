-- Newest first; as list_alerts. An alert that was updated has handed its plan on.
with hits as (
    select a.num, a.created_at, row_number() over (order by a.created_at desc, a.num desc) as n
    from alert a
    where (a.origin = any ((select origins_any())::int4[]) or a.area = any ((select areas_any())::int4[]) or a.num = any ((select records_named())::int8[]))
      and (a.created_at, a.num) < (page_at(:page::bytea), page_num(:page::bytea))
      and a.planned_at is not null and a.state <> 7
      and (:open::bool is not true or a.state in (1, 2, 3))
      and (:unreviewed::bool is not true or a.state in (4, 5, 6) and a.reviewed_at is null)
    order by a.created_at desc, a.num desc
    limit page_size(:limit::int4) + 1
  )
select record_no(a.num) as no, a.state, a.title, record_no(a.about) as about, a.planned_at, a.planned_by, t.tasks_set, t.tasks_done, t.tasks_overdue, a.reviewed_at,
  (select page_token(l.created_at, l.num) from hits l
   where l.n = page_size(:limit::int4) and exists (select from hits m where m.n > l.n)) as next
from hits h join alert a using (num)
  cross join lateral (select count(*)::int4 as tasks_set, count(*) filter (where k.state in (3, 6))::int4 as tasks_done,
    count(*) filter (where k.state in (1, 2) and k.due_at < statement_timestamp())::int4 as tasks_overdue from task k where k.about = any (alert_family(a.num))) t
where h.n <= page_size(:limit::int4)
order by h.n
