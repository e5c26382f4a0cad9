-- The records that are open to somebody by name, or to an office (below zero).
select num, array_agg(x order by account, o) as named
from record_named cross join unnest(array[account, until]) with ordinality as u(x, o) group by num
