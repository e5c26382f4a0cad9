-- A hint to all nodes that the feed grew; the table is the truth. None where the group only read: see _pen.sql.
select pg_notify('liandong', '') from feed_head where seq > current_setting('liandong.pen')::int8
