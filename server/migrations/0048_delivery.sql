-- An alert that has come to no terminal of an office in time goes to everybody of that office, whoever is on duty, and the sender hears of it: step 0
-- of alert_step. How long that is, is the clock's.
alter table alert_office add column widened_at timestamptz;
alter table alert_step drop constraint alert_step_step_check, add check (step between 0 and 3);
alter table alert_step drop constraint alert_step_whom_check, add check (whom in ('OFFICE', 'LEADERS', 'BUREAUS', 'HEADS') and (whom = 'OFFICE') = (step = 0));
insert into clock_rule(type, rule, name, seconds, on_due) values (4, 'DELIVER_EXTREME', '特别严重通报送达', 5, 'redeliver_alert');
insert into alert_step(severity, step, clock, whom) values (1, 0, 'DELIVER_EXTREME', 'OFFICE');
insert into record_transition(type, kind, from_state, to_state, systems, roles) values (4, 'redeliver_alert', 1, 1, array[1, 2, 3], array[0]);
insert into record_field(type, field) values (4, 'undelivered');

-- A transfer that nobody signed for: to whom it was sent, wherever that is, and to who sent it.
alter table alert_rule drop constraint alert_rule_whom_check, add check (whom in ('OTHERS', 'BOTH', 'ADDRESSED'));
update alert_rule set whom = 'ADDRESSED' where rule = 'TRANSFER_UNSIGNED';
