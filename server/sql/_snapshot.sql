-- Open incidents that the caller sees, newest received first, and in the same snapshot the head of the feed: what the feed says
-- after that head is news. The head stands in every row; where nothing is open one row carries only the head.
with found as (
    select h.num, h.received_at
    from records_scope() as seen
      cross join lateral (
        select i.num, i.received_at
        from incident i
        where i.origin = seen.origin and i.received_at between seen.first_at and seen.last_at and i.num between seen.first_num and seen.last_num
          and i.state not in (6, 7)
          and (i.received_at, i.num) < (page_at(:page::bytea), page_num(:page::bytea))
        order by i.received_at desc, i.num desc
        limit :limit::int4 + 1) h
    union  -- a record may stand in both
    select h.num, h.received_at
    from unnest(areas_any()) as seen(area)
      cross join lateral (
        select i.num, i.received_at
        from incident i
        where i.area = seen.area and i.state not in (6, 7) and (i.received_at, i.num) < (page_at(:page::bytea), page_num(:page::bytea))
        order by i.received_at desc, i.num desc
        limit :limit::int4 + 1) h
  ), hits as (
    select f.num, f.received_at, row_number() over (order by f.received_at desc, f.num desc) as n from found f
    order by f.received_at desc, f.num desc limit :limit::int4 + 1
  )
select d.seq, d.hash,
  (select page_token(l.received_at, l.num) from hits l where l.n = :limit::int4 and exists (select from hits m where m.n > l.n)) as next,
  r.*
from feed_head d
  left join (hits h join incident i using (num) cross join lateral incident_record(i, false) r) on h.n <= :limit::int4
order by h.n
