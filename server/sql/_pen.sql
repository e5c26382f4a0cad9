-- Whoever locks this row writes; everybody else's next group waits. An administrator's reload reaches open connections too: with
-- synchronous_commit switched off meanwhile, what is acknowledged waits for the disk all the same. Where the group begins is kept
-- until its end for _feed_tail.
select seq, hash, floor, set_config('liandong.pen', seq::text, true) as pen
from feed_head
where current_setting('synchronous_commit') <> 'off' or set_config('synchronous_commit', 'on', true) = 'on'
for update
