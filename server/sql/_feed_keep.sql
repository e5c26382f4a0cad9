-- What is kept no longer: events that no watcher can ask for any more, uploads that nobody goes on with.
select feed_keep(:keep_ms::int8) as floor, attachment_give_up(date_trunc('milliseconds', clock_timestamp())) as given_up
