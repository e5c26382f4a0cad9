-- Alerts (通报预警): what one office must know of at once. server/functions/alert.sql.
create table alert(
  status int2 not null,            -- enum AlertStatus: exercises and tests count in no figure
  kind int2 not null,              -- enum AlertKind
  severity int2 not null,
  urgency int2 not null,
  certainty int2 not null,
  title text not null,             -- in a few words, without names
  content text,
  place text collate "C",          -- sealed
  people_count int4,
  about int8,                      -- record
  supersedes int8,                 -- alert that this one updates: references of CAP
  superseded_by int8,
  rule text,                       -- alert_rule that raised it; NULL: a person did
  escalation int2 not null default 0,  -- steps taken
  escalated_at timestamptz,
  expires_at timestamptz not null,
  acked_at timestamptz,
  acked_by text,
  acked_office int4,
  responding_at timestamptz,
  resolved_at timestamptz,
  outcome text
) inherits (any_record);
call record_table(4::int2, 'alert', 'YJ');
create index alert_unacked on alert(num) where state = 1;
create index alert_about on alert(about, rule) where about is not null;

-- Whom an alert is addressed to, and since which step of its escalation; they see it whatever else they see (record_office).
create table alert_office(
  num int8 not null,
  office int4 not null references office(id),
  step int2 not null,
  leaders bool not null default false,  -- only its heads are told
  since timestamptz not null,
  primary key (num, office));
-- Four receipts of each person at each terminal. account 0: a terminal that acts by itself.
create table alert_receipt(
  num int8 not null,
  office int4 not null references office(id),
  account int8 not null,
  device int8 not null,
  person text not null,
  delivered_at timestamptz,
  shown_at timestamptz,
  acked_at timestamptz,
  acted_at timestamptz,
  primary key (num, office, account, device));
do $$
declare
  t text;
begin
  foreach t in array array['alert_office', 'alert_receipt'] loop
    execute format('alter table %I enable row level security; alter table %1$I force row level security', t);
    execute format('create policy owner on %I to current_user using (true) with check (true)', t);
    execute format('create policy seen on %I for select to liandong_app using (exists (select from alert a where a.num = %1$I.num))', t);
    execute format('grant select on %I to liandong_app', t);
  end loop;
end $$;
-- What an alert of a kind is where nobody says otherwise, how long it stands, and whether the bureaus above are told at once.
create table alert_kind(
  kind int2 not null,
  severity int2 not null,
  urgency int2 not null,
  certainty int2 not null,
  hours int4 not null,
  above bool not null default false,
  started_on date not null default '2020-01-01',
  primary key (kind, started_on));
insert into alert_kind(kind, severity, urgency, certainty, hours, above) values
  (1, 1, 1, 1, 24, true), (2, 2, 1, 1, 24, false), (3, 1, 1, 2, 24, false), (4, 3, 2, 1, 72, false), (5, 3, 2, 2, 72, false), (6, 2, 1, 1, 72, false),
  (7, 2, 1, 1, 72, false), (8, 3, 2, 1, 72, false), (9, 2, 1, 1, 72, false), (10, 2, 1, 2, 24, false), (11, 2, 1, 2, 72, false), (12, 4, 2, 1, 72, false),
  (13, 3, 2, 1, 72, false), (14, 3, 2, 1, 72, false), (15, 3, 2, 1, 72, false), (16, 4, 3, 3, 72, false), (17, 4, 2, 1, 24, false), (18, 2, 1, 2, 24, false);

-- Alerts that are raised by themselves, by the name of what raises them. whom: OTHERS, the offices paired with the record's; BOTH, these and it.
create table alert_rule(
  rule text not null,
  kind int2 not null,
  severity int2,                   -- NULL: as alert_kind has it
  whom text not null check (whom in ('OTHERS', 'BOTH')),
  started_on date not null default '2020-01-01',
  ended_on date,
  primary key (rule, started_on),
  check (ended_on > started_on));
insert into alert_rule(rule, kind, whom) values
  ('MASS_EVENT', 1, 'OTHERS'), ('MAJOR_INCIDENT', 2, 'OTHERS'), ('EXTREME_THREAT', 3, 'OTHERS'), ('REPEAT_ALARM', 4, 'BOTH'), ('COLOR_RAISED', 5, 'BOTH'),
  ('DEADLINE_NEAR', 12, 'BOTH'), ('DEADLINE_BREACH', 13, 'BOTH'), ('TRANSFER_UNSIGNED', 15, 'BOTH'), ('DUP_SUSPECT', 16, 'BOTH'), ('IGNITE', 18, 'OTHERS');
grant select on alert_kind, alert_rule to liandong_app;

-- Reports that raise one by themselves, by class or by level.
create table alert_incident(
  class int2,
  level int2,
  rule text not null,
  title text not null,
  hours int4 not null default 24,  -- not of what was received longer ago: older records that are entered late
  started_on date not null default '2020-01-01',
  ended_on date,
  check ((class is null) <> (level is null)),
  check (ended_on > started_on));
insert into alert_incident(class, level, rule, title) values (8, null, 'EXTREME_THREAT', '扬言极端警情'), (5, null, 'MASS_EVENT', '群体性事件警情'), (null, 1, 'MAJOR_INCIDENT', '重大警情');
grant select on alert_incident to liandong_app;

-- What comes when nobody acknowledges, step by step; the clocks are clock_rule's. LEADERS: everybody of the offices it is addressed to, whoever is on
-- duty, so their heads; BUREAUS: the bureaus above those; HEADS: the heads of the bureaus above both sides.
create table alert_step(
  severity int2 not null,
  step int2 not null check (step between 1 and 3),
  clock text not null,
  whom text not null check (whom in ('LEADERS', 'BUREAUS', 'HEADS')),
  primary key (severity, step));
insert into alert_step(severity, step, clock, whom) values
  (1, 1, 'ACK_EXTREME_1', 'LEADERS'), (1, 2, 'ACK_EXTREME_2', 'BUREAUS'), (1, 3, 'ACK_EXTREME_3', 'HEADS'),
  (2, 1, 'ACK_SEVERE_1', 'LEADERS'), (2, 2, 'ACK_SEVERE_2', 'BUREAUS'), (2, 3, 'ACK_SEVERE_3', 'HEADS'),
  (3, 1, 'ACK_MODERATE_1', 'LEADERS'), (3, 2, 'ACK_MODERATE_2', 'BUREAUS'), (4, 1, 'ACK_MINOR_1', 'LEADERS'), (4, 2, 'ACK_MINOR_2', 'BUREAUS');
grant select on alert_step to liandong_app;
insert into clock_rule(type, rule, name, seconds, on_due) values
  (4, 'ACK_EXTREME_1', '特别严重通报签收', 120, 'escalate_alert'), (4, 'ACK_EXTREME_2', '特别严重通报签收（第二步）', 300, 'escalate_alert'),
  (4, 'ACK_EXTREME_3', '特别严重通报签收（第三步）', 600, 'escalate_alert'), (4, 'ACK_SEVERE_1', '严重通报签收', 120, 'escalate_alert'),
  (4, 'ACK_SEVERE_2', '严重通报签收（第二步）', 300, 'escalate_alert'), (4, 'ACK_SEVERE_3', '严重通报签收（第三步）', 600, 'escalate_alert'),
  (4, 'ACK_MODERATE_1', '较重通报签收', 900, 'escalate_alert'), (4, 'ACK_MODERATE_2', '较重通报签收（第二步）', 7200, 'escalate_alert'),
  (4, 'ACK_MINOR_1', '轻微通报签收', 7200, 'escalate_alert'), (4, 'ACK_MINOR_2', '轻微通报签收（第二步）', 86400, 'escalate_alert'),
  (4, 'ACT', '签收后开始处置', 1800, 'remind_alert'), (4, 'EXPIRY', '通报失效', 86400, 'expire_alert');

insert into record_field(type, field, systems)
select 4, f, null from unnest(array['status', 'kind', 'severity', 'urgency', 'certainty', 'title', 'content', 'place', 'people_count', 'about', 'supersedes',
  'superseded_by', 'escalation', 'expires_at', 'acked_at', 'acked_by', 'acked_office', 'responding_at', 'resolved_at', 'outcome']) f;
-- An ack of what is over is answered by alert_prepare: it opens nothing again.
insert into record_transition(type, kind, from_state, to_state, systems, roles, side, reason_required, required, stamp)
select 4, t.kind, s, coalesce(t.to_state, s), array[1, 2, 3], t.roles, t.side, t.reason, t.required, t.stamp
from (values
  ('raise_alert', array[0], 1, array[1, 2, 3, 4, 5], null, false, null, null),
  ('update_alert', array[0], 1, array[1, 2, 3, 4, 5], null, false, null, null),
  ('ack_alert', array[1], 2, array[1, 2, 3, 4, 5], null, false, null, 'acked_at'),
  ('ack_alert', array[2, 3, 4, 5, 6, 7], null, array[1, 2, 3, 4, 5], null, false, null, null),
  ('act_alert', array[1, 2], 3, array[1, 2, 3, 4, 5], null, false, null, 'responding_at'),
  ('act_alert', array[3], 3, array[1, 2, 3, 4, 5], null, false, null, null),
  ('note_alert', array[1, 2, 3, 4, 5, 6], null, array[1, 2, 3, 4, 5], null, false, null, null),
  ('resolve_alert', array[2, 3], 4, array[1, 2, 3, 4, 5], null, false, array['outcome'], 'resolved_at'),
  ('cancel_alert', array[1, 2, 3], 5, array[1, 2, 3, 4, 5], null, true, null, null),
  ('escalate_alert', array[1], null, array[0], null, false, null, 'escalated_at'),
  ('remind_alert', array[2], null, array[0], null, false, null, null),
  ('expire_alert', array[1], 6, array[0], null, false, null, null),
  ('supersede_alert', array[1, 2, 3], 7, array[0], null, false, null, null)
) as t(kind, from_states, to_state, roles, side, reason, required, stamp), unnest(t.from_states) s;
