-- Fires the clocks that are due; see functions/clock.sql. Each node once a second, and again at once while there is more to do.
select now_ms, fired, next_ms, held_ms, jump_ms, failed, undelivered, unacked from clocks_due(:expected_ms::int8, :leap_ms::int8, :most::int4)
