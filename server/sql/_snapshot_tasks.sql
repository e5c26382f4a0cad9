-- Tasks that are not over, as _snapshot_disputes.
with hits as (
    select t.num, t.created_at, row_number() over (order by t.created_at desc, t.num desc) as n
    from task t
    where (t.origin = any ((select origins_any())::int4[]) or t.area = any ((select areas_any())::int4[]) or t.num = any ((select records_named())::int8[]))
      and t.state in (1, 2) and (t.created_at, t.num) < (page_at(:page::bytea), page_num(:page::bytea))
    order by t.created_at desc, t.num desc
    limit :limit::int4 + 1
  )
select (select page_token(l.created_at, l.num) from hits l where l.n = :limit::int4 and exists (select from hits m where m.n > l.n)) as next, r.*
from hits h join task t using (num) cross join lateral task_record(t) r
where h.n <= :limit::int4
order by h.n
