with hits as (
    select t.*, row_number() over (order by t.at desc, t.num * 10 + t.n desc) as k
    from transfer_legs(:office::text, figure_asof(:asof::timestamptz), :from::timestamptz, :until::timestamptz) t
    where (t.at, t.num * 10 + t.n) < (page_at(:page::bytea), page_num(:page::bytea)) and figure_fault(:office::text) is null
    order by t.at desc, t.num * 10 + t.n desc limit page_size(:limit::int4) + 1
  )
select record_no(h.num) as no, h.leg, h.since, h.at, greatest(floor(extract(epoch from h.at - h.since)), 0)::int8 as seconds,
  (select page_token(l.at, l.num * 10 + l.n) from hits l where l.k = page_size(:limit::int4) and exists (select from hits m where m.k > l.k)) as next, asked.reason
from figure_fault(:office::text) asked(reason) left join hits h on h.k <= page_size(:limit::int4)
where h.k is not null or asked.reason is not null
order by h.k
