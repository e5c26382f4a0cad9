with hits as (
    select h.num, h.received_at, row_number() over (order by h.received_at desc, h.num desc) as n
    from incident_search_page(:text::text, :phone_index::bytea, :from::timestamptz, :until::timestamptz, page_at(:page::bytea), page_num(:page::bytea),
      page_size(:limit::int4) + 1) h
  )
select r.*, (select page_token(l.received_at, l.num) from hits l
             where l.n = page_size(:limit::int4) and exists (select from hits m where m.n > l.n)) as next
from hits h join incident i using (num) cross join lateral incident_record(i, false) r
where h.n <= page_size(:limit::int4)
order by h.n
