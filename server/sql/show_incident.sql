select r.*
from incident i cross join lateral incident_record(i) r
where i.num = (select f.num from incident_find(:incident::text) f)
