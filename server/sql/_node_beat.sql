-- What this node tells, and what it is told; see functions/operation.sql. Once a second on a reader's connection.
select known, log_head, id::text as "order", kind, session, device, office, level, after
from node_beat(:beat::text::jsonb, :lines::text)
