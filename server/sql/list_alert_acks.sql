with hits as (
    select a.*, row_number() over (order by a.raised_at desc, a.num desc) as k
    from alert_acks(:office::text, figure_asof(:asof::timestamptz), :from::timestamptz, :until::timestamptz) a
    where (a.raised_at, a.num) < (page_at(:page::bytea), page_num(:page::bytea)) and figure_fault(:office::text) is null
    order by a.raised_at desc, a.num desc limit page_size(:limit::int4) + 1
  )
select record_no(h.num) as no, h.raised_at, h.acked_at, h.seconds,
  (select page_token(l.raised_at, l.num) from hits l where l.k = page_size(:limit::int4) and exists (select from hits m where m.k > l.k)) as next, asked.reason
from figure_fault(:office::text) asked(reason) left join hits h on h.k <= page_size(:limit::int4)
where h.k is not null or asked.reason is not null
order by h.k
