-- A key that was missing. Where another node was first, its key counts.
insert into sealing_key(purpose, class, year, wrapped, kek)
values (:purpose::text, :class::text, :year::int4, :wrapped::bytea, :kek::text)
on conflict (purpose, class, year) where current do nothing
returning id
