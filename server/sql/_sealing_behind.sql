-- Telephone numbers of before 0016_sealed and places of before 0024_places that have no blind index yet, newest first: repeats are counted in the latest days.
select num, phone, place from sealing_behind(:limit::int4)
