-- Newest first. Where to look is said in terms of indexes; what of it the caller sees is the policy's to say. Unlike list_incidents the rows of
-- the caller's offices are read whole and sorted: a station has some hundred disputes a year.
with hits as (
    select d.num, d.created_at, row_number() over (order by d.created_at desc, d.num desc) as n
    from dispute d
    where (d.origin = any ((select origins_any())::int4[]) or d.area = any ((select areas_any())::int4[]) or d.num = any ((select records_named())::int8[]))
      and (d.created_at, d.num) < (page_at(:page::bytea), page_num(:page::bytea))
      and d.created_at >= case when :from::timestamptz is null then '-infinity' else :from::timestamptz end
      and d.created_at < case when :until::timestamptz is null then 'infinity' else :until::timestamptz end
      and (:states::int2[] is null or cardinality(:states::int2[]) = 0 or d.state = any (:states::int2[]))
      and (:types::int2[] is null or cardinality(:types::int2[]) = 0 or d.type = any (:types::int2[]))
      and (:warnings::int2[] is null or cardinality(:warnings::int2[]) = 0 or d.warning = any (:warnings::int2[]))
      and (:lead_office::text is null or d.lead_office = (select o.id from office o where o.code = :lead_office::text))
      and (:open::bool is not true or d.state not in (4, 20, 21, 23, 24))
      and (:text::text is null or strpos(d.title || ' ' || coalesce(d.content, ''), :text::text) > 0)
    order by d.created_at desc, d.num desc
    limit page_size(:limit::int4) + 1
  )
select r.*, (select page_token(l.created_at, l.num) from hits l
             where l.n = page_size(:limit::int4) and exists (select from hits m where m.n > l.n)) as next,
  asked.reason
from (select case when :lead_office::text is not null and not exists (select from office o where o.code = :lead_office::text) then 'UNKNOWN_VALUE lead_office' end as reason) asked
  left join (hits h join dispute d using (num) cross join lateral dispute_record(d) r) on h.n <= page_size(:limit::int4)
where h.n is not null or asked.reason is not null
order by h.n
