-- Who may change who sees a record that is no incident: as 0014_rights.sql has it for incidents, the office that entered it, with a reason.
insert into record_transition(type, kind, from_state, to_state, systems, roles, side, reason_required)
select r.type, t.kind, s, s, '{1, 2}', t.roles, 'origin', true
from record_type r, (values ('grade_incident', array[2, 3, 5]), ('head_grade', array[3, 5]), ('grant_access', array[3, 5]), ('withdraw_access', array[3, 5])) as t(kind, roles),
  generate_series(1, 24) s
where r.type > 1;
