-- Of a dispute and of what was merged into it. Its reader is written down where it tells who they are: see audit_read.
with found as materialized (select f.num, f.reason, d.id, d.sensitivity from record_find(:dispute::text, 2::int2) f left join dispute d using (num)),
  parties as materialized (
    select d, p, party_shown(d, p) as shown
    from (select unnest(dispute_family(f.num)) as num from found f where f.reason is null) family join dispute d using (num) join party p on p.dispute = d.num
    where p.removed_at is null),
  answer as materialized (
    select a.reason from found f cross join lateral audit_read('list_parties', :dispute::text, f.reason, f.id, record_no(f.num), f.sensitivity,
      (select array_agg(distinct x) from parties l cross join lateral unnest(party_identity(l.p)) x where l.shown)) as a(reason))
select r.*, answer.reason
from answer left join (parties l cross join lateral party_record(l.d, l.p, l.shown) r) on answer.reason is null
where r.id is not null or answer.reason is not null
order by r.dispute, r.party
