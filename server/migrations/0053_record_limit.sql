-- How much one record holds, so that a change of it takes milliseconds of the pen. server/functions/limit.sql.
create table record_limit(
  what text not null,
  most int4 not null check (most > 0),
  started_on date not null default '2020-01-01',
  ended_on date,
  primary key (what, started_on),
  check (ended_on > started_on));
insert into record_limit(what, most) values
  ('event', 5000),                 -- of one record: beyond it, it is only brought to its end
  ('party', 300),                  -- of a dispute and what was merged into it
  ('link', 1000), ('session', 200), ('visit', 200), ('agreement', 50),
  ('task', 500),                   -- about one record
  ('plan_task', 80),               -- of the plan of an alert and of those that it updates
  ('attachment', 500);
grant select on record_limit to liandong_app;

-- Which version of a session last changed each of its fields: two who correct it at once.
alter table mediation_session add changed jsonb not null default '{}';
update mediation_session s set changed = (select jsonb_object_agg(f, s.version) from unnest(array['session_mode', 'session_method', 'held_at', 'session_place', 'mediators',
  'participants', 'present', 'note_open', 'session_result', 'risk']) f) where s.version > 1;
grant select (changed) on mediation_session to liandong_app;
