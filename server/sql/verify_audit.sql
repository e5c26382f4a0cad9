select f.intact and a.intact and s.broken is null and r.broken = 0 as intact, f.first_broken as feed_broken, f.checked as feed_checked,
  f.head as feed_head, a.first_broken as audit_broken, a.checked as audit_checked, a.head as audit_head, s.broken as signature_broken,
  (select count(*) from audit_signature) as signatures, r.first_broken as record_broken, r.checked as records_checked, r.broken as records_broken, f.at
from feed_verify() f, audit_verify() a, (select signatures_broken() as broken) s, records_verify() r
