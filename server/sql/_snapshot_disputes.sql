-- Disputes under way that the caller sees, newest first: what a watch that starts over is told after the incidents.
with hits as (
    select d.num, d.created_at, row_number() over (order by d.created_at desc, d.num desc) as n
    from dispute d
    where (d.origin = any ((select origins_any())::int4[]) or d.area = any ((select areas_any())::int4[]) or d.num = any ((select records_named())::int8[]))
      and d.state not in (4, 20, 21, 23, 24) and (d.created_at, d.num) < (page_at(:page::bytea), page_num(:page::bytea))
    order by d.created_at desc, d.num desc
    limit :limit::int4 + 1
  )
select (select page_token(l.created_at, l.num) from hits l where l.n = :limit::int4 and exists (select from hits m where m.n > l.n)) as next, r.*
from hits h join dispute d using (num) cross join lateral dispute_record(d) r
where h.n <= :limit::int4
order by h.n
