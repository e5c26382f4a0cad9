select hash from feed where seq = :seq::int8
