-- The record as it stands, with who reported it; see functions/reveal.sql. Nothing is told that is not written down.
select r.*, f.reason
from incident_reveal(:incident::text, :purpose::text, :case_no::text) f
  left join incident i on i.num = f.num and f.reason is null
  left join lateral incident_record(i, true) r on true
