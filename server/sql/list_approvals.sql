-- What waits for the caller's word, and what he asked for himself; see functions/approval.sql.
with page as materialized (
    select a.*, row_number() over (order by a.id desc) as n
    from approval_page(:open::bool, page_int8(:page::bytea, 1), page_size(:limit::int4) + 1) a
  )
select p.id as approval, p.kind, p.no, p.subject, p.officer, p.office, p.office_name, p.asked_at, p.until, p.state, p.decided_by, p.decided_at, p.remark,
  (select int8send(min(x.id)) from page x where x.n <= page_size(:limit::int4) and exists (select from page q where q.n > page_size(:limit::int4))) as next
from page p where p.n <= page_size(:limit::int4)
order by p.n
