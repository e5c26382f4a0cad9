-- Whoever locks this row writes; everybody else's next group waits.
select seq, hash, floor from feed_head for update
