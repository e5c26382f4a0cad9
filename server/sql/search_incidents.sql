with hits as (
    select h.num, h.received_at, row_number() over (order by h.received_at desc, h.num desc) as n
    from incident_search_page(:text::text, :phone_index::bytea, :place_pairs::bytea, :from::timestamptz, :until::timestamptz, page_at(:page::bytea), page_num(:page::bytea),
      page_size(:limit::int4) + 1) h
  )
select r.*, (select page_token(l.received_at, l.num) from hits l
             where l.n = page_size(:limit::int4) and exists (select from hits m where m.n > l.n)) as next,
  nullif(count(*) filter (where i.received_at < fresh.closed and i.state in (6, 7) or i.received_at < fresh.open) over (), 0)::int4 as counted
from read_fresh() fresh cross join hits h join incident i using (num) cross join lateral incident_record(i, false) r
where h.n <= page_size(:limit::int4)
order by h.n
