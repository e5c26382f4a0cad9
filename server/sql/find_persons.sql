-- At most ten, the likeliest first, each by the party that fits best. Compared by blind indexes; the words themselves don't come here.
with hits as materialized (
    select d, p, m.score, m.reasons, party_shown(d, p) as shown,
      (select count(*) from party x where x.person = m.person and x.removed_at is null)::int4 as parties
    from (select distinct on (x.person) x.* from person_matches(:name_index::bytea, :phone_index::bytea, :id_index::bytea, :place_index::bytea, null, null) x
          order by x.person, x.score desc, x.reasons) m
      join party p on p.dispute = m.dispute and p.seq = m.seq join dispute d on d.num = m.dispute
    order by m.score desc, m.person limit 10),
  answer as materialized (
    select a.reason from audit_read('find_persons', null, case when num_nonnulls(:name_index::bytea, :phone_index::bytea, :id_index::bytea, :place_index::bytea) = 0 then 'REQUIRED name' end,
      null, null, 1::int2, (select array_agg(distinct x) from hits h cross join lateral unnest(party_identity(h.p)) x where h.shown)) as a(reason))
select r.id, r.dispute, r.party, r.role, r.name, r.phone, r.id_no, r.gender, r.birth_year, r.domicile, r.person, h.score, h.reasons, h.parties, answer.reason
from answer left join (hits h cross join lateral party_record(h.d, h.p, h.shown) r) on answer.reason is null
where r.id is not null or answer.reason is not null
order by h.score desc, r.person
