-- Of a dispute and of what was merged into it. Its reader is written down where a page tells who they are: see audit_read.
with found as materialized (select f.num, f.reason, d.id, d.sensitivity from record_find(:dispute::text, 2::int2) f left join dispute d using (num)),
  hits as materialized (
    select p.dispute, p.seq, row_number() over (order by p.dispute, p.seq) as n
    from party p where p.dispute = any ((select dispute_family(f.num) from found f where f.reason is null)::int8[]) and p.removed_at is null
      and (:page::bytea is null or (p.dispute, p.seq) > (page_int8(:page::bytea, 1), page_int8(:page::bytea, 9)))
    order by p.dispute, p.seq limit page_size(:limit::int4) + 1
  ),
  parties as materialized (
    select h.n, d, p, party_shown(d, p) as shown
    from hits h join party p using (dispute, seq) join dispute d on d.num = h.dispute where h.n <= page_size(:limit::int4)),
  answer as materialized (
    select a.reason from found f cross join lateral audit_read('list_parties', :dispute::text, f.reason, f.id, record_no(f.num), f.sensitivity,
      (select array_agg(distinct x) from parties l cross join lateral unnest(party_identity(l.p)) x where l.shown)) as a(reason))
select r.*, answer.reason,
  (select int8send(l.dispute) || int8send(l.seq) from hits l where l.n = page_size(:limit::int4) and exists (select from hits m where m.n > l.n)) as next
from answer left join (parties l cross join lateral party_record(l.d, l.p, l.shown) r) on answer.reason is null
where r.id is not null or answer.reason is not null
order by l.n
