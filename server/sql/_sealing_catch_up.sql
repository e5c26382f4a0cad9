-- The blind indexes that the server worked out for rows of _sealing_behind.
select sealing_catch_up(:nums::int8[], :phones::bytea[], :places::bytea[]) as indexed
