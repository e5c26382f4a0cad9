select hash from feed_told where seq = :seq::int8
