-- The life of a dispute: what may be done when and by whom, and the numbers that it goes by. server/functions/dispute.sql.
alter table dispute
  add causes int2[],               -- enum DisputeCause
  add rounds int4 not null default 0,
  add failed_rounds int4 not null default 0,
  add lowered_to int2,             -- enum DisputeWarning: asked for by lowered_office, waits for the other side's head
  add lowered_office int4,
  add police_result text,          -- what the police did about it
  add extension_consent text,
  add suspended_at timestamptz;

-- Numbers that rules go by.
create table dispute_limit(
  rule text not null,
  value int4 not null,
  started_on date not null default '2020-01-01',
  ended_on date,
  primary key (rule, started_on),
  check (ended_on > started_on));
insert into dispute_limit(rule, value) values
  ('JOINT_FROM_COMPLEXITY', 3),    -- from this DisputeComplexity on both sides handle it
  ('FAILED_ROUNDS_ORANGE', 2),     -- so many failed sessions make it orange
  ('POLICE_ROUNDS', 2),            -- sessions of a mediation by the police: one, and one repeat
  ('VISITS_TO_CLOSE', 1);

-- Mediation by the police is not for these.
create table track_bar(
  track int2 not null,             -- enum DisputeTrack
  cause int2 not null,             -- enum DisputeCause
  started_on date not null default '2020-01-01',
  ended_on date,
  primary key (track, cause, started_on),
  check (ended_on > started_on));
insert into track_bar(track, cause) select 2, c from generate_series(1, 5) c;

-- Ends that conclude_dispute may name, the state that each leads to, and whose they are to say.
create table dispute_ending(
  outcome int2 primary key,        -- enum DisputeOutcome
  state int2 not null,
  systems int2[] not null);
insert into dispute_ending(outcome, state, systems) values
  (4, 15, '{1, 2}'), (5, 15, '{1, 2}'), (6, 16, '{2}'), (7, 17, '{2}'), (8, 18, '{2}'), (9, 18, '{2}'), (10, 18, '{2}'), (11, 18, '{2}'),
  (12, 18, '{1}'), (13, 18, '{1}');
grant select on dispute_limit, track_bar, dispute_ending to liandong_app;

insert into record_field(type, field, systems)
select 2, f, null from unnest(array['causes', 'rounds', 'failed_rounds', 'lowered_to', 'lowered_office', 'extension_consent', 'suspended_at', 'reopened_n']) f;
insert into record_field(type, field, systems) values (2, 'police_result', '{1}');
update record_field set systems = '{2}' where type = 2 and field in ('track', 'consent');

-- Of which a head of the station has to say that it is over, too: server/functions/dispute.sql, dispute_joint.
insert into record_transition(type, kind, from_state, to_state, systems, roles, side, condition, reason_required, required, stamp)
select 2, t.kind, s, coalesce(t.to_state, s), t.systems, t.roles, t.side, t.condition, t.reason, t.required, t.stamp
from (values
  ('assess_dispute', array[1, 2, 22], 2, array[1, 2], array[1, 2, 3, 4, 5], null, null, false, null, null),
  ('raise_dispute', array[1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22], null, array[1, 2], array[1, 2, 3, 4, 5], null, null, true, null, null),
  ('warn_dispute', array[1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22], null, array[1, 2], array[0], null, null, false, null, null),
  ('lower_dispute', array[1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22], null, array[1, 2], array[2, 3, 4, 5], null, '!warning:4', true, null, null),
  ('lower_dispute', array[1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22], null, array[1, 2], array[3, 5], null, 'warning:4', true, null, null),
  ('accept_dispute', array[2, 22], 3, array[2], array[4, 5], null, null, false, array['consent', 'lead_office'], 'accepted_at'),
  ('decline_dispute', array[1, 2, 22], 4, array[2], array[4, 5], null, null, true, null, null),
  ('investigate_dispute', array[3], 5, array[1, 2], array[1, 2, 3, 4, 5], 'lead_office', null, false, null, null),
  ('suspend_dispute', array[5, 6], 7, array[1, 2], array[1, 2, 3, 4, 5], 'lead_office', null, true, null, null),
  ('resume_dispute', array[7], 5, array[1, 2], array[1, 2, 3, 4, 5], 'lead_office', 'rounds:0', false, null, null),
  ('resume_dispute', array[7], 6, array[1, 2], array[1, 2, 3, 4, 5], 'lead_office', '!rounds:0', false, null, null),
  ('correct_dispute', array[1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22], null, array[1, 2], array[1, 2, 3, 4, 5], null, null, false, array['title'], null),
  ('extend_dispute', array[3, 5, 6, 7], null, array[2], array[4, 5], null, null, false, array['extension_consent'], null),
  ('conclude_dispute', array[1, 2, 3, 5, 6, 7, 14, 22], 0, array[1, 2], array[1, 2, 3, 4, 5], null, null, false, array['outcome'], 'concluded_at'),
  ('close_dispute', array[19], 0, array[2], array[5], null, null, false, null, null),
  ('close_dispute', array[19], 0, array[1], array[3], null, 'warning:3,4', false, null, null),
  ('close_dispute', array[19], 0, array[1], array[3], null, 'joint_required:true', false, null, null),
  ('close_dispute', array[19], 0, array[1], array[3], null, 'track:2', false, null, null),
  ('reopen_dispute', array[4, 15, 16, 17, 18, 19, 20, 21], 22, array[1, 2], array[2, 3, 4, 5], null, null, true, null, null),
  ('reopen_dispute', array[20, 21], 22, array[1, 2], array[0], null, null, false, null, null)
) as t(kind, from_states, to_state, systems, roles, side, condition, reason, required, stamp), unnest(t.from_states) s;

insert into clock_rule(type, rule, name, seconds, working_days, near_seconds, owner_field) values
  (2, 'MEDIATION', '人民调解期限', 30 * 86400, null, 5 * 86400, 'lead_office'),
  (2, 'EXTENSION', '延长后的调解期限', 30 * 86400, null, 5 * 86400, 'lead_office'),
  (2, 'POLICE_CASE', '治安案件办理期限', 30 * 86400, null, 5 * 86400, 'lead_office'),
  (2, 'POLICE_FIRST', '治安调解第一次', null, 3, 86400, 'lead_office'),
  (2, 'POLICE_REPEAT', '治安调解再次', null, 7, 86400, 'lead_office'),
  (2, 'CONFIRMATION', '申请司法确认', 30 * 86400, null, 10 * 86400, 'lead_office'),
  (2, 'VISIT', '回访', 7 * 86400, null, 2 * 86400, 'lead_office'),
  (2, 'VISIT_30', '红色纠纷三十日回访', 30 * 86400, null, 5 * 86400, 'lead_office'),
  (2, 'VISIT_90', '红色纠纷九十日回访', 90 * 86400, null, 10 * 86400, 'lead_office');
