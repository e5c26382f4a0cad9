select seq, hash, floor from feed_head
