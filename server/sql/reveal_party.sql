-- Nothing is told that is not written down: functions/person.sql.
select r.*, f.reason
from party_reveal(:dispute::text, :party::int4, :purpose::text, :case_no::text) f
  left join dispute d on d.num = f.num and f.reason is null
  left join party p on p.dispute = d.num and p.removed_at is null and (:party::int4 is null or p.seq = :party::int4)
  left join lateral party_record(d, p, party_known(d, p)) r on true
where r.id is not null or f.reason is not null
order by r.party
