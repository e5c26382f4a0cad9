-- Response plans (应对方案): what is done about an alert, and by whom. A plan is a part of its alert; its tasks are the tasks about that alert.
-- server/functions/plan.sql.
alter table alert
  add column plan text,            -- measures, in words
  add column planned_at timestamptz,  -- NULL: there is no plan
  add column planned_by text,
  add column review text,          -- once it is over: what was done
  add column lessons text,
  add column reviewed_at timestamptz,
  add column reviewed_by text;
drop function if exists alert_record(alert);
-- How long a plan's tasks may take where nobody says otherwise.
alter table alert_kind add column task_minutes int4 not null default 240 check (task_minutes > 0);
update alert_kind set task_minutes = 60 where severity = 1;

insert into record_field(type, field) select 4, f from unnest(array['plan', 'planned_at', 'planned_by', 'asked', 'review', 'lessons', 'reviewed_at', 'reviewed_by']) f;
insert into record_transition(type, kind, from_state, to_state, systems, roles, required, stamp)
select 4, t.kind, s, s, array[1, 2], array[1, 2, 3, 4, 5], t.required, t.stamp
from (values ('plan_alert', array[1, 2, 3], null::text[], null), ('review_alert', array[4, 5, 6], array['review'], 'reviewed_at')) as t(kind, from_states, required, stamp),
  unnest(t.from_states) s;
-- A false alarm calls its tasks off.
insert into record_transition(type, kind, from_state, to_state, systems, roles, stamp) select 5, 'cancel_task', s, 5, array[1, 2, 3], array[0], 'cancelled_at' from unnest(array[1, 2]) s;
drop function if exists task_make(int8, int4, text, timestamptz, uuid, int4, timestamptz);
