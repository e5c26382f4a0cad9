select id, purpose, class, year, wrapped, kek, current, changed from sealing_key order by id
