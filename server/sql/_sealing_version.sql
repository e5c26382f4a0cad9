-- The newest change of the keys of sealed fields; 0: there are none.
select coalesce(max(changed), 0) as version from sealing_key
