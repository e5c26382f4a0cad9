-- A page ends with a beginning and an id, after which the next begins. What is no such thing leads to an empty page.
with found as (
    select r.*, row_number() over (order by r.since, r.id) as n
    from duty_rows(:position::text, :office::text, :account::text, :since::timestamptz, :until::timestamptz, :now::bool,
      case when :page::bytea is not null then case when length(:page::bytea) = 16 then page_at(:page::bytea) else 'infinity' end end,
      page_num(:page::bytea), page_size(:limit::int4) + 1) r
  )
select f.post as position, f.post_name as position_name, f.office, f.office_name, f.kind, f.place, f.phone, f.account, f.account_name, f.since, f.until,
  case when exists (select from found m where m.n > page_size(:limit::int4))
       then (select page_token(l.since, l.id) from found l where l.n = page_size(:limit::int4)) end as next
from found f where f.n <= page_size(:limit::int4)
order by f.n
