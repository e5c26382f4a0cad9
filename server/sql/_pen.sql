-- Whoever locks this row writes; everybody else's next group waits. An administrator's reload reaches open connections too: with
-- synchronous_commit switched off meanwhile, what is acknowledged waits for the disk all the same.
select seq, hash, floor from feed_head
where current_setting('synchronous_commit') <> 'off' or set_config('synchronous_commit', 'on', true) = 'on'
for update
