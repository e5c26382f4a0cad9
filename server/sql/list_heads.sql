select n, at, node, feed_seq, feed_hash, audit_seq, audit_hash, previous, key, signature
from audit_signature
where n > coalesce(:after::int8, 0)
order by n
limit page_size(:limit::int4)
