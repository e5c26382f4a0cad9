-- The clocks that run of the records that the caller sees, the earliest due first; of one record all that ever ran. The policy of clock says what
-- is seen; here stands where to look, in terms of indexes.
with asked as materialized (
    select case when :about::text is not null then (select f.num from record_find(:about::text, null) f) end as num,
      case when :office::text is not null then (select o.id from office o where o.code = :office::text) end as owner,
      array(select a.num from record_area a where a.area = any (areas_any())) as near_by,
      case when :page::bytea is null then '-infinity' else page_at(:page::bytea) end as after_at, case when :page::bytea is null then -1 else page_num(:page::bytea) end as after_id
  ), hits as (
    select c.*, row_number() over (order by c.due_at, c.id) as n
    from clock c
    where (:about::text is not null and c.num = (select num from asked)
        or :about::text is null and c.stopped_at is null
          and (c.origin = any ((select origins_any())::int4[]) or c.num = any ((select records_named())::int8[]) or c.num = any ((select near_by from asked)::int8[])))
      and (c.due_at, c.id) > ((select after_at from asked), (select after_id from asked))
      and (:office::text is null or c.owner = (select owner from asked))
      and (:overdue::bool is not true or c.stopped_at is null and c.paused_at is null and c.due_at <= clock_timestamp())
      and (:near::bool is not true or c.stopped_at is null and c.paused_at is null and coalesce(c.near_at, c.due_at) <= clock_timestamp())
    order by c.due_at, c.id
    limit page_size(:limit::int4) + 1
  )
select r.*, (select page_token(l.due_at, l.id) from hits l
             where l.n = page_size(:limit::int4) and exists (select from hits m where m.n > l.n)) as next,
  (select g.held_until from clock_guard g where g.held_until > clock_timestamp() and g.held_since <= clock_timestamp()) as held_until, wrong.reason
from (select case when :about::text is not null and a.num is null then 'NOT_FOUND about'
        when :office::text is not null and a.owner is null then 'UNKNOWN_VALUE office' end as reason from asked a) wrong
  left join (hits h cross join lateral clock_record(h.id) r) on h.n <= page_size(:limit::int4)
order by h.n
