-- Who sees what: levels of sensitivity, rules as data, and forced row-level security as the last door. The predicate itself and why it
-- looks as it does: server/functions/caller.sql.

-- S0 public, S1 work, S2 identity, S3 special categories, S4 named persons only.
alter table incident add column sensitivity int2 not null default 1 check (sensitivity between 0 and 4);
alter table incident_search add column sensitivity int2 not null default 1;

-- The usual filters are still answered by the index alone.
drop index incident_list;
create index incident_list on incident(origin, received_at desc, num desc) include (state, class, level, sensitivity);
drop index feed_origin;
create index feed_origin on feed(origin, seq) include (num);
-- Of an event: is its record anything but S1, and what? Few are.
create index incident_sensitive on incident(num) include (sensitivity) where sensitivity <> 1;

-- Up to which level a role sees the records of an office that it stands in this relation to. What has no row is denied.
--   OWN     the role's own office entered it      ABOVE  an office below the role's own did
--   PAIRED  an office paired with it today did    NAMED  it is open to this very person: table record_access
create table right_rule(
  role int2 not null check (role between 1 and 8),  -- enum Role
  relation text not null check (relation in ('OWN', 'PAIRED', 'ABOVE', 'NAMED')),
  sensitivity_most int2 not null check (sensitivity_most between 0 and 4),
  started_on date not null default '2020-01-01',
  ended_on date,                                    -- the first day on which it no longer holds
  primary key (role, relation, started_on),
  check (ended_on > started_on));
insert into right_rule(role, relation, sensitivity_most) values
  (1, 'OWN', 2), (1, 'PAIRED', 1), (1, 'NAMED', 4),  -- officer
  (2, 'OWN', 2), (2, 'PAIRED', 2), (2, 'NAMED', 4),  -- duty
  (3, 'OWN', 3), (3, 'PAIRED', 3), (3, 'NAMED', 4),  -- station chief
  (4, 'OWN', 2), (4, 'PAIRED', 1), (4, 'NAMED', 4),  -- mediator
  (5, 'OWN', 3), (5, 'PAIRED', 3), (5, 'NAMED', 4),  -- head of the judicial office
  (6, 'ABOVE', 1);                                   -- viewer; administrators (7) and auditors (8) see no case at all

-- What a record of a class is worth from the start; others are S1.
create table class_sensitivity(
  class int2 not null,                              -- enum IncidentClass
  sensitivity int2 not null check (sensitivity between 0 and 4),
  started_on date not null default '2020-01-01',
  ended_on date,
  primary key (class, started_on),
  check (ended_on > started_on));
insert into class_sensitivity(class, sensitivity) values (9, 3);  -- TIP: who told it must be safe

-- Records opened to one person, whatever the office.
create table record_access(
  record uuid not null,
  account int8 not null,
  since timestamptz not null,
  until timestamptz not null,
  granted_by text not null,
  reason text not null,
  primary key (record, account, since),
  check (until >= since));
create index record_access_account on record_access(account, until);

-- What follows of the rules, pairings and offices of today for a role of an office: whose entries it sees. Worked out when one of them
-- changes and when a new day begins, as office.sees is, so that the predicate costs one look into this table. Filled at the end of
-- caller.sql.
create table right_seen(
  office int4 not null references office(id) on delete cascade,
  role int2 not null,
  work int4[] not null,    -- offices whose entries it sees that are S1, as nearly all are
  beyond int8[] not null,  -- for the other levels: office * 8 + level
  primary key (office, role));

create trigger changed after insert or delete or update on right_rule for each statement execute function directory_changed();
grant select on right_rule, class_sensitivity, record_access, right_seen to liandong_app;

-- What the policies call; the text in use is in server/functions/caller.sql.
create or replace function records_named() returns int8[] stable parallel safe language plpgsql as $$
begin
  return null;
end $$;
create or replace function caller_account() returns int8 stable parallel safe language sql as $$
  select coalesce(nullif(current_setting('liandong.account', true), '')::int8, 0)
$$;
grant execute on function records_named(), caller_account() to liandong_app;

-- The owner's own functions and views are the only ones past the predicate; not even they are past row-level security.
do $$
declare
  t text;
  -- Two look-ups of the caller's rights: initplans, the second only where a row needs it. Their own sub-selects keep the settings from
  -- being read for each row of right_seen where that is so small that it is scanned.
  work text := '(select r.work from right_seen r where r.office = (select caller_office()) and r.role = (select caller_role()))::int4[]';
  beyond text := '(select r.beyond || case when caller_account() <> 0 then records_named() end'
    || ' from right_seen r where r.office = (select caller_office()) and r.role = (select caller_role()))::int8[]';
begin
  foreach t in array array['incident', 'incident_search', 'feed', 'record_access'] loop
    execute format('alter table %I enable row level security; alter table %1$I force row level security', t);
    execute format('create policy owner on %I to current_user using (true) with check (true)', t);
  end loop;
  foreach t in array array['incident', 'incident_search'] loop
    execute format('create policy seen on %I for select to liandong_app using (sensitivity = 1 and origin = any (%s)'
      || ' or array[num, origin::int8 * 8 + sensitivity] && %s)', t, work, beyond);
  end loop;
  -- An event is as sensitive as its record is now; those of the organisation have none and are S1. This view tells which records are not,
  -- and nothing else of them; read as its owner, by index.
  create view record_sensitive as select i.num, i.sensitivity from incident i where i.sensitivity <> 1;
  grant select on record_sensitive to liandong_app;
  execute format('create policy seen on feed for select to liandong_app using ('
    || 'origin = any (%s) and (select true from record_sensitive s where s.num = feed.num) is null'
    || ' or array[num, origin::int8 * 8 + (select s.sensitivity from record_sensitive s where s.num = feed.num)] && %s)', work, beyond);
  create policy seen on record_access for select to liandong_app using (account = (select caller_account()) and account <> 0);
end $$;

-- The events that change who sees a record: few.
create index feed_rights on feed(seq) where kind in ('grade_incident', 'grant_access', 'withdraw_access');

-- What the feed's ring is made of, for everybody's watchers: the server sorts out who gets what, by what an event of these kinds changed:
-- the level before, the person (subject), to whom the record is open now and until when (named: account, ms since 1970, …).
create view record_named as
  select i.num, a.account, (extract(epoch from a.until) * 1000)::int8 as until
  from record_access a join feed f on f.request_id = a.record and f.kind = 'report_incident' join incident i on i.num = f.num
  where a.since <= clock_timestamp() and a.until > clock_timestamp();
create view feed_told as
  select f.*, coalesce((select s.sensitivity from record_sensitive s where s.num = f.num), 1)::int2 as sensitivity,
    case when f.kind = 'grade_incident' then f.old_values[1]::int2 end as was,
    case when f.kind in ('grant_access', 'withdraw_access') then
      (select a.id from account a where a.code = coalesce(f.new_values[1], f.old_values[1])) end as subject,
    case when f.kind in ('grant_access', 'withdraw_access') then
      (select array_agg(x order by r.account, o) from record_access r cross join unnest(array[r.account, (extract(epoch from r.until) * 1000)::int8])
         with ordinality as u(x, o)
       where r.record = f.entity and r.since <= clock_timestamp() and r.until > clock_timestamp()) end as named
  from feed f;
grant select on feed_told, record_named to liandong_app;

-- Who may change who sees a record, and when: the office that entered it, with a reason. Lowering what is special, and closing a record to
-- all but named persons, is for the heads (kind head_grade).
insert into incident_transition(kind, from_state, to_state, systems, roles, levels, origin_only, reason_required)
select t.kind, s, s, '{1,2}', t.roles, null, true, true
from (values ('grade_incident', array[2, 3, 5]), ('head_grade', array[3, 5]), ('grant_access', array[3, 5]), ('withdraw_access', array[3, 5])) as t(kind, roles),
  generate_series(1, 8) s;

-- All writing goes through functions of the owner.
revoke insert, update on incident, incident_search, feed from liandong_app;
