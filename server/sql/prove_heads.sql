-- The signed head is only where to stop: what the chains come to there is for the asker to compare.
select feed_grown(:feed_seq::int8, :feed_hash::bytea, s.feed_seq) as feed_hash,
  audit_grown(:audit_seq::int8, :audit_hash::bytea, s.audit_seq) as audit_hash
from (select null) one left join audit_signature s on s.n = :n::int8
