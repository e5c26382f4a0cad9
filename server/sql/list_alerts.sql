-- Newest first; as list_disputes.
with hits as (
    select a.num, a.created_at, row_number() over (order by a.created_at desc, a.num desc) as n
    from alert a
    where (a.origin = any ((select origins_any())::int4[]) or a.area = any ((select areas_any())::int4[]) or a.num = any ((select records_named())::int8[]))
      and (a.created_at, a.num) < (page_at(:page::bytea), page_num(:page::bytea))
      and a.created_at >= case when :from::timestamptz is null then '-infinity' else :from::timestamptz end
      and a.created_at < case when :until::timestamptz is null then 'infinity' else :until::timestamptz end
      and (:states::int2[] is null or cardinality(:states::int2[]) = 0 or a.state = any (:states::int2[]))
      and (:kinds::int2[] is null or cardinality(:kinds::int2[]) = 0 or a.kind = any (:kinds::int2[]))
      and (:severity::int2[] is null or cardinality(:severity::int2[]) = 0 or a.severity = any (:severity::int2[]))
      and (coalesce(:status::int2, 0) = 0 or a.status = :status::int2)
      and (:open::bool is not true or a.state in (1, 2, 3))
      and (:unacked::bool is not true or a.state = 1)
      and (:text::text is null or strpos(a.title || ' ' || coalesce(a.content, ''), :text::text) > 0)
    order by a.created_at desc, a.num desc
    limit page_size(:limit::int4) + 1
  )
select r.*, (select page_token(l.created_at, l.num) from hits l
             where l.n = page_size(:limit::int4) and exists (select from hits m where m.n > l.n)) as next
from hits h join alert a using (num) cross join lateral alert_record(a) r
where h.n <= page_size(:limit::int4)
order by h.n
