-- Deadlines (时限) as data, and the clocks that run by them: server/functions/clock.sql. Working days: server/functions/calendar.sql.
create table clock_rule(
  type int2 not null references record_type(type),
  rule text not null,
  name text not null,              -- as people know it: in lists, in the events' notes
  seconds int8,                    -- round the clock
  working_days int4,               -- or by the calendar of working days, up to the end of the last one
  near_seconds int8,               -- so long before it is due it is told that it will be; NULL: it isn't
  on_near text,                    -- kind of the change that record_react makes then; NULL: only an event deadline_near
  on_due text,                     -- and when it is due; NULL: only an event deadline_breached
  owner_field text not null default 'origin',  -- column of the record that names the office whose clock it is
  next_rule text,                  -- clock of the same record that starts when this one is due: the next step of an escalation
  started_on date not null default '2020-01-01',
  ended_on date,                   -- the first day on which no clock starts by it any more
  primary key (type, rule, started_on),
  check (ended_on > started_on),
  check ((seconds is null) <> (working_days is null)),
  check (seconds > 0 and near_seconds < seconds or working_days > 0),
  check (near_seconds > 0));

-- Every clock that ever ran. It is open until it is stopped, also when it was due in vain: then it is overdue.
create table clock(
  id int8 generated always as identity primary key,
  num int8 not null,               -- the record
  type int2 not null,
  rule text not null,
  rule_since date not null,        -- which version of the rule it runs by
  origin int4 not null,            -- the record's
  owner int4 not null references office(id),
  started_at timestamptz not null,
  working boolean not null,
  from_at timestamptz not null,    -- from here on ...
  amount int8 not null,            -- ... so many milliseconds, or working days, are left
  due_at timestamptz not null,
  near_at timestamptz,
  next_at timestamptz,             -- when something is to be done; NULL: nothing, for it is paused, stopped or was due
  paused_at timestamptz,
  near_fired_at timestamptz,
  fired_at timestamptz,
  stopped_at timestamptz,
  wall_at timestamptz not null,    -- what the database's clock said when from_at was set: see clock_set_back
  failures int4 not null default 0,
  foreign key (type, rule, rule_since) references clock_rule(type, rule, started_on));
create unique index clock_open on clock(num, rule) where stopped_at is null;
create index clock_num on clock(num, id);
create index clock_next on clock(next_at, id) where next_at is not null;
create index clock_origin on clock(origin, due_at, id) where stopped_at is null;
create index clock_owner on clock(owner, due_at, id) where stopped_at is null;
grant select on clock_rule, clock to liandong_app;
alter table clock enable row level security;
alter table clock force row level security;
create policy owner on clock to current_user using (true) with check (true);
create policy seen on clock for select to liandong_app using (exists (select from any_record r where r.num = clock.num));

-- What the database's clock is believed: one row.
create table clock_guard(
  one bool primary key default true check (one),
  jump_seconds int4 not null default 30,     -- a leap further ahead than this is not believed at once
  still_seconds int4 not null default 300,   -- but when it has stood for so long, or an administrator says so
  held_since timestamptz,                    -- while it isn't, no clock is due
  held_until timestamptz,
  jump_ms int8);
insert into clock_guard default values;
grant select on clock_guard to liandong_app;

-- Holidays, and weekend days that are worked to make up for them (调休), as the State Council announces them each year. A day that is not here
-- is worked from Monday to Friday; a year of which nothing is here is told to be so.
create table calendar_day(
  day date primary key,
  working bool not null,
  name text);
grant select on calendar_day to liandong_app;
