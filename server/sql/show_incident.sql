select r.*, f.reason
from incident_find(:incident::text) f
  left join incident i using (num)
  left join lateral incident_record(i, identity_shown(i)) r on true
