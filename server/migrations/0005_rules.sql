-- Which change may be made in which state, by whom, leading where: data with the days on which it holds, because practice differs
-- between places and changes with time. States, roles, systems and levels are the numbers of the protocol's enums:
-- states 1 received, 2 dispatched, 3 arrived, 4 handling, 5 feedback, 6 closed, 7 void, 8 reopened; systems 1 police, 2 judicial;
-- roles 1 officer, 2 duty, 3 station chief, 4 mediator, 5 head of the judicial office.
create table incident_transition(
  kind text not null,
  from_state int2 not null,
  to_state int2 not null,          -- the same: the state stays
  systems int2[] not null,
  roles int2[] not null,
  levels int2[],                   -- NULL: any
  origin_only bool not null,       -- only the office that entered the incident
  reason_required bool not null,
  required text[],                 -- one of these fields must be filled, now or before
  stamp text,                      -- field that takes the moment of the change, where none is given
  started_on date not null default '2020-01-01',
  ended_on date,                   -- the first day on which it no longer holds
  unique (kind, from_state, systems, roles, started_on));
grant select on incident_transition to liandong_app;

insert into incident_transition(kind, from_state, to_state, systems, roles, levels, origin_only, reason_required, required, stamp)
select t.kind, s, coalesce(t.to_state, s), t.systems, t.roles, t.levels, t.origin_only, t.reason_required, t.required, t.stamp
from (values
  -- a dispatched one may be sent to somebody else
  ('dispatch_incident', array[1, 2, 8], 2, array[1], array[1, 2, 3], null::int2[], false, false, array['dispatched_to'], 'dispatched_at'),
  ('arrive_incident', array[2], 3, array[1, 2], array[1, 2, 3, 4, 5], null, false, false, null, 'arrived_at'),
  -- the second side arrives too: the first arrival stands
  ('arrive_incident', array[3, 4], null, array[1, 2], array[1, 2, 3, 4, 5], null, false, false, null, null),
  ('handle_incident', array[3], 4, array[1, 2], array[1, 2, 3, 4, 5], null, false, false, null, null),
  ('note_incident', array[1, 2, 3, 4, 5, 6, 8], null, array[1, 2], array[1, 2, 3, 4, 5], null, false, false, null, null),
  ('feedback_incident', array[2, 3, 4], 5, array[1], array[1, 2, 3], null, false, false, array['result', 'result_code'], 'feedback_at'),
  -- grave ones (major, urgent) are closed by the chief
  ('close_incident', array[3, 4, 5], 6, array[1], array[3], null, false, false, array['result', 'result_code'], 'closed_at'),
  ('close_incident', array[3, 4, 5], 6, array[1], array[1, 2], array[3, 4], false, false, array['result', 'result_code'], 'closed_at'),
  ('reopen_incident', array[6], 8, array[1], array[2, 3], null, false, true, null, null),
  ('void_incident', array[1, 2, 3, 4, 5, 6, 8], 7, array[1], array[2, 3], null, false, true, null, null),
  ('correct_incident', array[1, 2, 3, 4, 5, 8], null, array[1], array[1, 2, 3], null, false, false, null, null),
  ('correct_incident', array[6], null, array[1], array[3], null, false, true, null, null),
  -- the judicial office corrects what it entered itself
  ('correct_incident', array[1, 2, 3, 4, 5, 8], null, array[2], array[2, 4, 5], null, true, false, null, null)
) as t(kind, from_states, to_state, systems, roles, levels, origin_only, reason_required, required, stamp), unnest(t.from_states) s;
