select a.seq as agreement_no, a.form as agreement_form, a.terms, a.effective_at, a.perform_by, a.confirm_by, a.court, a.applied_at, a.confirmed, a.decided_at,
  a.performance, a.performed_at, o.name as office_name, a.officer, a.entered_at, f.reason
from record_find(:dispute::text, 2::int2) f left join (agreement a join office o on o.id = a.office) on a.num = f.num and f.reason is null
where a.id is not null or f.reason is not null
order by a.seq
