-- Alerts that are not over, as _snapshot_disputes.
with hits as (
    select a.num, a.created_at, row_number() over (order by a.created_at desc, a.num desc) as n
    from alert a
    where (a.origin = any ((select origins_any())::int4[]) or a.area = any ((select areas_any())::int4[]) or a.num = any ((select records_named())::int8[]))
      and a.state in (1, 2, 3) and (a.created_at, a.num) < (page_at(:page::bytea), page_num(:page::bytea))
    order by a.created_at desc, a.num desc
    limit :limit::int4 + 1
  )
select (select page_token(l.created_at, l.num) from hits l where l.n = :limit::int4 and exists (select from hits m where m.n > l.n)) as next, r.*
from hits h join alert a using (num) cross join lateral alert_record(a) r
where h.n <= :limit::int4
order by h.n
