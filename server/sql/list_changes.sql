with found as (
    select c.*, dense_rank() over (order by c.seq desc) as n
    from directory_changes(coalesce(page_int8(:page::bytea, 1), 9223372036854775807), page_size(:limit::int4) + 1) c
  )
select f.at, f.office, f.officer, f.kind, f.code, f.version, f.field,
  case f.field when 'partner_kind' then partner_kind_text(f.old_value, :caller_english::bool) else f.old_value end as old_value,
  case f.field when 'partner_kind' then partner_kind_text(f.new_value, :caller_english::bool) else f.new_value end as new_value, f.note,
  case when exists (select from found m where m.n > page_size(:limit::int4))
       then (select int8send(min(l.seq)) from found l where l.n = page_size(:limit::int4)) end as next
from found f where f.n <= page_size(:limit::int4)
order by f.n, f.field
