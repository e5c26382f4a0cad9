-- Telephone numbers of before 0016_sealed that have no blind index yet, newest first: repeats are counted in the latest days.
select num, reporter_phone::text as phone from incident where phone_index is null and reporter_phone is not null order by num desc limit :limit::int4
