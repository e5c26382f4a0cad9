-- Telephone numbers of before 0016_sealed that have no blind index yet, newest first: repeats are counted in the latest days.
select num, phone from sealing_behind(:limit::int4)
