with found as (
    select r.*, dense_rank() over (order by r.account) as n
    from account_rows(:office::text, :account::text, encode(:page::bytea, 'escape'), page_size(:limit::int4) + 1) r
  )
select f.account, f.name, f.state, f.office, f.office_name, f.role, f.since, f.until, f.has_password, f.blocked_until, f.last_login_at,
  case when exists (select from found m where m.n > page_size(:limit::int4))
       then (select decode(max(l.account), 'escape') from found l where l.n = page_size(:limit::int4)) end as next
from found f where f.n <= page_size(:limit::int4)
order by f.account, f.since
