-- The reader's list is the merge of the lists of the offices of which it sees anything and of its areas, each read from its index, newest
-- received first; a list of one area is read from that area's index alone.
-- An office that the directory does not have is refused: an empty page would say that nothing happened there. One that the caller
-- may not see gives an empty page; that tells no more than that its code exists, as every device may know.
-- Rows that count to what a person may be handed: functions/reading.sql; with a purpose it is an export, and all do.
-- No COALESCE beside a column: PostgreSQL takes it for something that might leak, and then neither uses the index for that condition nor
-- filters by it before it has judged the row's rights (test_plans.py holds it).
with found as (
    select h.num, h.received_at
    from records_scope() as seen
      cross join lateral (
        select i.num, i.received_at
        from incident i
        where i.origin = seen.origin and i.received_at between seen.first_at and seen.last_at and i.num between seen.first_num and seen.last_num
          and (i.received_at, i.num) < (page_at(:page::bytea), page_num(:page::bytea))
          and i.received_at >= case when :from::timestamptz is null then '-infinity' else :from::timestamptz end
          and i.received_at < case when :until::timestamptz is null then 'infinity' else :until::timestamptz end
          and (:states::int2[] is null or cardinality(:states::int2[]) = 0 or i.state = any (:states::int2[]))
          and (:classes::int2[] is null or cardinality(:classes::int2[]) = 0 or i.class = any (:classes::int2[]))
          and (:level_at_least::int2 is null or :level_at_least::int2 = 0 or i.level <= :level_at_least::int2)
          and (:open::bool is not true or i.state not in (6, 7))
        order by i.received_at desc, i.num desc
        limit page_size(:limit::int4) + 1) h
    where :area::text is null and (:office::text is null or seen.origin = (select o.id from office o where o.code = :office::text))
    union  -- a record may stand in both
    select h.num, h.received_at
    from unnest(case when :area::text is null then areas_any() else array(select a.id from area a where a.code = :area::text) end) as seen(area)
      cross join lateral (
        select i.num, i.received_at
        from incident i
        where i.area = seen.area and (:office::text is null or i.origin = (select o.id from office o where o.code = :office::text))
          and (i.received_at, i.num) < (page_at(:page::bytea), page_num(:page::bytea))
          and i.received_at >= case when :from::timestamptz is null then '-infinity' else :from::timestamptz end
          and i.received_at < case when :until::timestamptz is null then 'infinity' else :until::timestamptz end
          and (:states::int2[] is null or cardinality(:states::int2[]) = 0 or i.state = any (:states::int2[]))
          and (:classes::int2[] is null or cardinality(:classes::int2[]) = 0 or i.class = any (:classes::int2[]))
          and (:level_at_least::int2 is null or :level_at_least::int2 = 0 or i.level <= :level_at_least::int2)
          and (:open::bool is not true or i.state not in (6, 7))
        order by i.received_at desc, i.num desc
        limit page_size(:limit::int4) + 1) h
  ), hits as (
    select f.num, f.received_at, row_number() over (order by f.received_at desc, f.num desc) as n from found f
    order by f.received_at desc, f.num desc limit page_size(:limit::int4) + 1
  )
select r.*, (select page_token(l.received_at, l.num) from hits l
             where l.n = page_size(:limit::int4) and exists (select from hits m where m.n > l.n)) as next,
  nullif(count(*) filter (where nullif(btrim(:purpose::text), '') is not null or i.received_at < fresh.closed and i.state in (6, 7)
    or i.received_at < fresh.open) over (), 0)::int4 as counted,
  asked.reason
from read_fresh() fresh cross join (select case when :office::text is not null and not exists (select from office o where o.code = :office::text) then 'UNKNOWN_VALUE office'
    when :area::text is not null and not exists (select from area a where a.code = :area::text) then 'BAD_AREA area' end as reason) asked
  left join (hits h join incident i using (num) cross join lateral incident_record(i, false) r) on h.n <= page_size(:limit::int4)
where h.n is not null or asked.reason is not null
order by h.n
