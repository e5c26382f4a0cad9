-- Newest first; as list_disputes.sql.
with hits as (
    select t.num, t.created_at, row_number() over (order by t.created_at desc, t.num desc) as n
    from task t
    where (t.origin = any ((select origins_any())::int4[]) or t.area = any ((select areas_any())::int4[]) or t.num = any ((select records_named())::int8[]))
      and (t.created_at, t.num) < (page_at(:page::bytea), page_num(:page::bytea))
      and (:mine::bool is not true or t.to_office = (select caller_office())
        and coalesce(t.to_account = (select caller_code()), true))
      and (:overdue::bool is not true or t.state in (1, 2) and t.due_at < statement_timestamp())
      and (:open::bool is not true or t.state in (1, 2))
      and (:states::int2[] is null or cardinality(:states::int2[]) = 0 or t.state = any (:states::int2[]))
      and (:about::text is null or t.about = (select f.num from record_find(:about::text, null) f))
    order by t.created_at desc, t.num desc
    limit page_size(:limit::int4) + 1
  )
select r.*, (select page_token(l.created_at, l.num) from hits l
             where l.n = page_size(:limit::int4) and exists (select from hits m where m.n > l.n)) as next,
  asked.reason
from (select case when :about::text is not null and (select f.num from record_find(:about::text, null) f) is null then 'NOT_FOUND about' end as reason) asked
  left join (hits h join task t using (num) cross join lateral task_record(t) r) on h.n <= page_size(:limit::int4)
where h.n is not null or asked.reason is not null
order by h.n
