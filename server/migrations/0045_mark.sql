-- Subtypes of disputes that rules go by: domestic violence (家暴). server/functions/mark.sql.
create table dispute_mark(
  subtype text not null,           -- as the record says it
  words text[] not null,           -- what else people write for it, in capitals
  visits text[] not null,          -- clocks that start when it is marked and that nothing but a visit stops: rows of clock_rule
  task text,                       -- what the police are asked for at once
  task_seconds int8,
  warning int2 not null,           -- enum DisputeWarning: a new alarm of the same parties, or signs of it at a visit, make it this colour
  alert text not null,             -- and raise this: a row of alert_rule
  victims int2 not null,           -- the level of who the victims are
  started_on date not null default '2020-01-01',
  ended_on date,
  primary key (subtype, started_on),
  check (ended_on > started_on),
  check ((task is null) = (task_seconds is null)));
insert into dispute_mark(subtype, words, visits, task, task_seconds, warning, alert, victims) values
  ('家暴', '{DOMESTIC_VIOLENCE,DV,家庭暴力}', '{VISIT_DV_7,VISIT_DV_30,VISIT_DV_60,VISIT_DV_90}', '核查人身安全保护令', 86400, 4, 'DV_RELAPSE', 3);
grant select on dispute_mark to liandong_app;
insert into clock_rule(type, rule, name, seconds, near_seconds, owner_field) values
  (2, 'VISIT_DV_7', '家暴七日回访', 7 * 86400, 2 * 86400, 'lead_office'), (2, 'VISIT_DV_30', '家暴三十日回访', 30 * 86400, 5 * 86400, 'lead_office'),
  (2, 'VISIT_DV_60', '家暴六十日回访', 60 * 86400, 5 * 86400, 'lead_office'), (2, 'VISIT_DV_90', '家暴九十日回访', 90 * 86400, 10 * 86400, 'lead_office');
insert into alert_rule(rule, kind, whom) values ('DV_RELAPSE', 11, 'BOTH');

-- It is visited whatever else is done about it, and what was declined is taken up again when it happens again.
insert into record_transition(type, kind, from_state, to_state, systems, roles, condition)
select 2, 'visit_dispute', s, s, array[1, 2], array[1, 2, 3, 4, 5], 'subtype:家暴' from unnest(array[1, 2, 3, 4, 5, 6, 7, 14, 22]) s
union all select 2, 'reopen_dispute', 4, 22, array[1, 2], array[0], 'subtype:家暴';

-- The clocks that a merge stopped: taking it back sets them going again.
alter table dispute_merge add clocks int8[] not null default '{}';

-- Alarms of which something should have come and went wrong: tried again from retry_at on.
create table proposal_failed(
  incident int8 primary key,
  failures int4 not null,
  retry_at timestamptz not null,
  why text not null);
