-- Who opened what on the scene, and how it was judged; see functions/glass.sql.
with page as materialized (
    select a.*, row_number() over (order by a.id desc) as n
    from review_page(:open::bool, :overdue::bool, page_int8(:page::bytea, 1), page_size(:limit::int4) + 1) a
  )
select p.id as review, p.no, p.scene, p.purpose, p.reason as why, p.officer, p.office, p.office_name, p.origin, p.origin_name, p.opened_at, p.until, p.due_at, p.reads,
  p.verdict, p.decided_by, p.decided_at, p.remark,
  (select int8send(min(x.id)) from page x where x.n <= page_size(:limit::int4) and exists (select from page q where q.n > page_size(:limit::int4))) as next
from page p where p.n <= page_size(:limit::int4)
order by p.n
