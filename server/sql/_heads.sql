-- What there is to sign, and what was signed last: see heads_due.
select h.due, h.grown, h.n, h.feed_seq, h.feed_hash, h.audit_seq, h.audit_hash, (h.last).n as last_n, (h.last).at as last_at, (h.last).node as last_node,
  (h.last).feed_seq as last_feed_seq, (h.last).feed_hash as last_feed_hash, (h.last).audit_seq as last_audit_seq,
  (h.last).audit_hash as last_audit_hash, (h.last).previous as last_previous, (h.last).key as last_key, (h.last).signature as last_signature
from heads_due() h
