with hits as (
    select s.*, row_number() over (order by s.held_at desc, s.held_in * 100000 + s.seq desc) as k
    from session_spans(:dispute::text, :office::text, figure_asof(:asof::timestamptz), :from::timestamptz, :until::timestamptz) s
    where (s.held_at, s.held_in * 100000 + s.seq) < (page_at(:page::bytea), page_num(:page::bytea)) and session_fault(:dispute::text, :office::text) is null
    order by s.held_at desc, s.held_in * 100000 + s.seq desc limit page_size(:limit::int4) + 1
  )
select record_no(h.num) as no, d.title, h.seq as round, h.mode as session_mode, h.method as session_method, h.result as session_result, h.held_at, h.entered_at,
  o.code as office, o.name as office_name, h.officer,
  (select page_token(l.held_at, l.held_in * 100000 + l.seq) from hits l where l.k = page_size(:limit::int4) and exists (select from hits m where m.k > l.k)) as next, asked.reason
from session_fault(:dispute::text, :office::text) asked(reason)
  left join (hits h join dispute d using (num) join office o on o.id = h.office) on h.k <= page_size(:limit::int4)
where h.k is not null or asked.reason is not null
order by h.k
