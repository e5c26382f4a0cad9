-- Break-glass and its review, the budget of rows read, and a second person for voiding. See functions/glass.sql, reading.sql, approval.sql.

-- When somebody on the scene may open what she otherwise does not see. The row of the latest day that has come holds.
create table glass_rule(
  since date primary key,
  hours int4 not null check (hours > 0),               -- so long it stays open
  review_hours int4 not null check (review_hours > 0), -- by then it is to be reviewed
  scene_hours int4 not null check (scene_hours > 0),   -- an arrival longer ago is no scene any more
  scene_level int2 not null,                           -- scenes of this level (enum IncidentLevel) or a graver one,
  scene_classes int2[] not null,                       -- and those of these classes, whatever their level
  sensitivity_most int2 not null check (sensitivity_most between 0 and 3),  -- what is more stays closed: S4 is for named persons
  closed_classes int2[] not null);                     -- records that stay closed whatever their level
insert into glass_rule values ('2020-01-01', 4, 24, 12, 2, '{8}', 3, '{9}');  -- EXTREME_THREAT; TIP: who told it must be safe

-- Which access by name was taken and not given: it never reaches S4.
alter table record_access add column glass bool not null default false;

-- One row each time; how it was judged. The access itself stands in record_access, (record, account, since = opened_at).
create table glass_review(
  id int8 primary key generated always as identity,
  record uuid not null,
  no text not null,
  scene text not null,             -- number of the incident that was attended
  purpose text not null references audit_purpose(code),
  reason text not null,
  account int8 not null references account(id),
  device int8 not null,
  officer text not null,
  office int4 not null references office(id),  -- in whose name she acted
  origin int4 not null references office(id),  -- whose record it is, and whose heads judge
  opened_at timestamptz not null,
  due_at timestamptz not null,
  overdue_told bool not null default false,
  justified bool,                  -- NULL: not judged yet
  decided_by text,
  decided_at timestamptz,
  remark text);
create index glass_review_open on glass_review(due_at) where justified is null;
create index glass_review_offices on glass_review(origin, id desc);

-- Who arrived where lately: by the one who asks.
create index feed_arrived on feed(officer, seq) where kind = 'arrive_incident';
-- The events that change who sees a record: two more kinds.
drop index feed_rights;
create index feed_rights on feed(seq) where kind in ('grade_incident', 'grant_access', 'withdraw_access', 'break_glass', 'decide_review');

-- How many rows one person is handed before a second one has to agree. The row of the latest day that has come holds.
create table read_rule(
  since date primary key,
  fresh_days int4 not null check (fresh_days >= 0),   -- records that are open, or were received so lately, are a desk's everyday work and free
  look_rows int4 not null check (look_rows > 0),      -- others, by lists and searches, in an hour
  export_rows int4 not null check (export_rows > 0),  -- by exports, in an hour
  more_rows int4 not null check (more_rows > 0));     -- what one approval adds to lists and searches, for an hour
insert into read_rule values ('2020-01-01', 2, 200, 50, 500);
create index audit_rows on audit(account, device, at) where kind in ('list_incidents', 'search_incidents', 'export_incidents');

-- An act that is about no single record has none.
alter table approval alter column record drop not null, alter column no drop not null;
-- Voiding an incident of this level (4: any) or a graver one takes two.
alter table approval_rule add column void_from int2 not null default 4;
