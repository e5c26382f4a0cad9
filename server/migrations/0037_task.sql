-- Tasks (任务): server/functions/task.sql.
create table task(
  about int8,                      -- record of any kind
  to_office int4 not null,
  to_account text,                 -- code
  title text not null,
  content text,
  by_proxy bool not null,          -- to a partner: whoever sees it enters what that says
  due_at timestamptz,
  accepted_at timestamptz,
  done_at timestamptz,
  result text,
  answered_by text,
  declined_at timestamptz,
  cancelled_at timestamptz,
  rechecked_at timestamptz,
  rechecked_by text
) inherits (any_record);
call record_table(5::int2, 'task', 'RW');
update record_type set addressed = 'to_office' where type = 5;
create index task_to on task(to_office, created_at desc);
create index task_about on task(about) where about is not null;

insert into record_field(type, field)
select 5, f from unnest(array['about', 'to_office', 'to_account', 'title', 'content', 'due_at', 'accepted_at', 'done_at', 'result', 'answered_by', 'declined_at',
  'cancelled_at', 'rechecked_at', 'rechecked_by']) f;
insert into record_transition(type, kind, from_state, to_state, systems, roles, side, condition, reason_required, required, stamp)
select 5, t.kind, s, t.to_state, t.systems, array[1, 2, 3, 4, 5], t.side, t.condition, t.reason_required, t.required, t.stamp
from (values
  ('add_task', array[0], 1, array[1, 2], null, null, false, null::text[], null),
  ('accept_task', array[1], 2, array[1, 2, 3], 'to_office', null, false, null, 'accepted_at'),
  ('finish_task', array[1, 2], 3, array[1, 2, 3], 'to_office', null, false, array['result'], 'done_at'),
  ('decline_task', array[1, 2], 4, array[1, 2, 3], 'to_office', null, true, null, 'declined_at'),
  -- for a partner, by whoever sees it beside those who only read it
  ('accept_task', array[1], 2, array[1, 2], null, 'by_proxy:true', false, array['answered_by'], 'accepted_at'),
  ('finish_task', array[1, 2], 3, array[1, 2], null, 'by_proxy:true', false, array['result', 'answered_by'], 'done_at'),
  ('decline_task', array[1, 2], 4, array[1, 2], null, 'by_proxy:true', true, array['answered_by'], 'declined_at'),
  ('cancel_task', array[1, 2], 5, array[1, 2], 'origin', null, true, null, 'cancelled_at'),
  ('recheck_task', array[3], 6, array[1, 2], 'origin', null, false, null, 'rechecked_at')
) as t(kind, from_states, to_state, systems, side, condition, reason_required, required, stamp), unnest(t.from_states) s;

-- A task's own due_at goes before the seconds of its rule: clock_start_at.
insert into clock_rule(type, rule, name, seconds, working_days, near_seconds, owner_field) values
  (3, 'sign', '移送签收', 14400, null, 3600, 'to_office'),
  (3, 'decide', '移送接收或退回', null, 3, 28800, 'to_office'),
  (5, 'done', '任务完成', 259200, null, 14400, 'to_office');
