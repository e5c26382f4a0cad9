-- Ends the connection of a node that stopped in the middle of its group (a paused machine, a process that is stopped or swaps): PostgreSQL
-- waits for it to send or to take in more, and everybody else for the pen that it holds. No timeout of PostgreSQL's covers that: between the
-- statements of a group its session is active, not idle. What it had done is rolled back; when it goes on, it sends its group again, and is
-- told by the request ids what was done. Less than the 5 s after which who waits gives up (lock_timeout in db/link.c). A node that is alive
-- is never silent that long: it sends a group at once. Nobody is ended whom nobody waits for, however slow its network is.
-- Asked by each node once a second. Who it is stands before anybody is ended (materialized): a condition of a query has no order.
with silent as materialized (
    select s.pid, s.application_name
    from pg_stat_activity s
    where s.datname = current_database() and s.usename = current_user and s.wait_event_type = 'Client' and s.backend_xid is not null
      and s.state_change < clock_timestamp() - interval '3 seconds'
      and exists (select from pg_stat_activity w where w.datname = s.datname and w.wait_event_type = 'Lock' and s.pid = any (pg_blocking_pids(w.pid)))
  )
select application_name as held_by, pg_terminate_backend(pid) as ended from silent
