-- A hint to all nodes that the feed grew; the table is the truth.
select pg_notify('liandong', '')
