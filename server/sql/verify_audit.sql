select f.intact and a.intact and s.broken is null as intact, f.first_broken as feed_broken, f.checked as feed_checked, f.head as feed_head,
  a.first_broken as audit_broken, a.checked as audit_checked, a.head as audit_head, s.broken as signature_broken,
  (select count(*) from audit_signature) as signatures, f.at
from feed_verify() f, audit_verify() a, (select signatures_broken() as broken) s
