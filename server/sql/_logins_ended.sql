-- Logins that ended, in the order in which they did; the first time (:after NULL) only where that order stands now.
select coalesce(max(e.seq), 0) as seq, null::uuid as login from login_end e having :after::int8 is null
union all
(select e.seq, e.login from login_end e where e.seq > :after::int8 order by e.seq limit 10000)
order by seq
