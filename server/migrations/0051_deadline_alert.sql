-- Deadlines that are near or were missed are told as alerts, to whose they are: once a run of the clock, and over when it stops.
alter table clock_rule add near_alert text;  -- rule of alert_rule that tells it; NULL: the event alone does
alter table clock_rule add due_alert text;
update clock_rule set near_alert = case when near_seconds is not null then 'DEADLINE_NEAR' end,
  due_alert = case rule when 'sign' then 'TRANSFER_UNSIGNED' else 'DEADLINE_BREACH' end where type in (2, 3, 5);

alter table alert add deadline int8;  -- clock that it is about
create index alert_deadline on alert(deadline) where deadline is not null;

-- OWNER: the office whose clock it is; HEAD: the same, its heads as well, whoever is on duty.
alter table alert_rule drop constraint alert_rule_whom_check, add check (whom in ('OTHERS', 'BOTH', 'ADDRESSED', 'OWNER', 'HEAD'));
alter table alert_rule add pressed bool not null default true;  -- escalated if nobody acknowledges, reminded of if nobody acts
update alert_rule set whom = 'OWNER', pressed = false where rule = 'DEADLINE_NEAR';
update alert_rule set whom = 'HEAD' where rule = 'DEADLINE_BREACH';

insert into record_transition(type, kind, from_state, to_state, systems, roles, stamp)
select 4, 'settle_alert', s, 4, array[1, 2, 3], array[0], 'resolved_at' from unnest(array[1, 2, 3]) s;

drop function if exists alert_auto(int8, text, text, uuid, int4, timestamptz);
