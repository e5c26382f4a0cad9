-- A commit of its own: waits until whatever this server's lost connection still had open is settled, one way or the other.
update feed_head set floor = floor returning seq, hash, floor
