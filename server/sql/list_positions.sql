with found as (
    select r.*, row_number() over (order by r.post) as n
    from post_rows(:office::text, encode(:page::bytea, 'escape'), page_size(:limit::int4) + 1) r
  )
select f.post as position, f.office, f.office_name, f.name, f.kind, f.place, f.phone, f.version,
  case when exists (select from found m where m.n > page_size(:limit::int4))
       then (select decode(l.post, 'escape') from found l where l.n = page_size(:limit::int4)) end as next
from found f where f.n <= page_size(:limit::int4)
order by f.n
