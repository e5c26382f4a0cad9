-- Whose entries each role of each office sees, as worked out by rights_work_out, and up to which level what is open to it by name.
select r.office, r.role, r.work, r.beyond, coalesce(right_most(r.role, 'NAMED'), -1::int2) as named_most,
  coalesce(right_most(r.role, 'GIVEN'), -1::int2) as given_most
from right_seen r
