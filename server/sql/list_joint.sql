with hits as (
    select s.*, row_number() over (order by s.joint_at desc, s.num desc, s.station, s.judicial) as n
    from joint_spans(:office::text, figure_asof(:asof::timestamptz), :from::timestamptz, :until::timestamptz) s
    where ((s.joint_at, s.num) < (page_at(substr(:page::bytea, 1, 16)), page_num(substr(:page::bytea, 1, 16)))
        or (s.joint_at, s.num) = (page_at(substr(:page::bytea, 1, 16)), page_num(substr(:page::bytea, 1, 16))) and int4send(s.station) || int4send(s.judicial) > substr(:page::bytea, 17))
      and figure_fault(:office::text) is null
    order by s.joint_at desc, s.num desc, s.station, s.judicial
    limit page_size(:limit::int4) + 1
  )
select record_no(h.num) as no, d.title, p.code as station, j.code as judicial, h.police_at, h.judicial_at, h.joint_at,
  (select f.state from feed f where f.seq = any (d.events) and f.at <= figure_asof(:asof::timestamptz) order by f.seq desc limit 1) as state,
  (select page_token(l.joint_at, l.num) || int4send(l.station) || int4send(l.judicial) from hits l where l.n = page_size(:limit::int4) and exists (select from hits m where m.n > l.n)) as next, asked.reason
from figure_fault(:office::text) asked(reason)
  left join (hits h join dispute d using (num) join office p on p.id = h.station join office j on j.id = h.judicial) on h.n <= page_size(:limit::int4)
where h.n is not null or asked.reason is not null
order by h.n
