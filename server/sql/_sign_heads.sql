-- As a member of a commit group, so that only one node does it at a time; one that was forestalled leaves nothing. Then what was counted
-- of refused requests gets its rows.
with signed as (
    insert into audit_signature(n, at, node, feed_seq, feed_hash, audit_seq, audit_hash, previous, key, signature)
    select :n::int8, :at::timestamptz, :node::text, :feed_seq::int8, :feed_hash::bytea, :audit_seq::int8, :audit_hash::bytea, :previous::bytea,
      :key::bytea, :signature::bytea
    where :n::int8 = coalesce((select max(s.n) from audit_signature s), 0) + 1
    returning n
  )
select (select n from signed) as n, audit_flush() is null as flushed
