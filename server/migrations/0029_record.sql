-- Records: what incidents, disputes, transfers, alerts and tasks have in common. Each kind has a table of its own that inherits these
-- columns, so that what concerns all kinds (who sees a record, its events, its clocks, its attachments) is asked of any_record, and what
-- concerns one kind of its own table. Decision 2026-11: inheritance rather than one table with the common part, for row-level security
-- judges a row by its own columns, and rather than one with everything as jsonb, for the columns are the documentation.
create table any_record(
  num int8 not null,               -- type * 10^13 + year * 10^9 + number of the year, an incident's without type: functions/record.sql
  id uuid not null,                -- the request_id of its first event: feed_request is its index
  version int4 not null,
  state int2 not null,             -- of the enum of its kind
  origin int4 not null,            -- office that entered it
  created_by text not null,
  created_at timestamptz not null,
  updated_by text not null,
  updated_at timestamptz not null,
  events int8[] not null,          -- its events in the feed, oldest first
  sensitivity int2 not null default 1,
  area int4);
alter table incident inherit any_record;

-- The kinds; `type` is the number of the protocol's enum RecordType.
create table record_type(
  type int2 primary key,
  name text not null unique,       -- of its table
  prefix text not null unique,     -- of its numbers
  year int4 not null default 0,    -- of `number`, the last one given out: read and moved under the pen. Incidents have feed_head.number
  number int4 not null default 0);
insert into record_type(type, name, prefix) values (1, 'incident', 'JQ');
grant select on record_type to liandong_app;

-- Which change may be made in which state, by whom, leading where: incident_transition for the other kinds. States are of the kind's enum.
create table record_transition(
  type int2 not null references record_type(type),
  kind text not null,              -- the request's name
  from_state int2 not null,
  to_state int2 not null,          -- the same: the state stays
  systems int2[] not null,         -- 1 police, 2 judicial, 3 partner
  roles int2[] not null,
  side text,                       -- field that must name the caller's office; NULL: any office that sees the record
  condition text,                  -- field and values, 'warning:3,4': only where the field has one of them; '!' before it: where it has none
  reason_required bool not null default false,
  required text[],                 -- these fields must be filled, now or before
  stamp text,                      -- field that takes the moment of the change, where none is given
  started_on date not null default '2020-01-01',
  ended_on date,                   -- the first day on which it no longer holds
  check (ended_on > started_on));
create unique index record_transition_one on record_transition(type, kind, from_state, to_state, systems, roles, coalesce(side, ''), coalesce(condition, ''), started_on);

-- The fields of a kind that changes and conflicts are told in, and whose they are: `systems` NULL means either side's.
create table record_field(
  type int2 not null references record_type(type),
  field text not null,
  systems int2[],
  started_on date not null default '2020-01-01',
  ended_on date,
  primary key (type, field, started_on),
  check (ended_on > started_on));
grant select on record_transition, record_field to liandong_app;

-- Records opened to an office for a time, whoever entered them: by a transfer, by an alert. As record_access is for persons.
create table record_office(
  num int8 not null,
  office int4 not null references office(id),
  since timestamptz not null,
  until timestamptz not null,      -- 'infinity': while the record lasts
  cause int8 not null,             -- record that opened it
  primary key (num, office, since),
  check (until >= since));
create index record_office_office on record_office(office, until);
grant select on record_office to liandong_app;
alter table record_office enable row level security;
alter table record_office force row level security;
create policy owner on record_office to current_user using (true) with check (true);
create policy seen on record_office for select to liandong_app using (office = (select caller_office()));

alter table right_rule drop constraint right_rule_relation_check;
alter table right_rule add constraint right_rule_relation_check check (relation in ('OWN', 'PAIRED', 'ABOVE', 'NAMED', 'AREA', 'GIVEN'));
insert into right_rule(role, relation, sensitivity_most) values (1, 'GIVEN', 1), (2, 'GIVEN', 2), (3, 'GIVEN', 3), (4, 'GIVEN', 1), (5, 'GIVEN', 3);

-- Makes the table of a kind one of the records: the predicate of every read path, the indexes that it and lists need, its row in record_type.
-- For the migrations that bring a kind.
create procedure record_table(kind int2, of_table text, of_prefix text) language plpgsql as $$
declare
  work text := '(select r.work from right_seen r where r.office = (select caller_office()) and r.role = (select caller_role()))::int4[]';
  beyond text := '(select r.beyond || case when caller_account() <> 0 then records_named() end'
    || ' from right_seen r where r.office = (select caller_office()) and r.role = (select caller_role()))::int8[]';
begin
  execute format('alter table %I enable row level security; alter table %1$I force row level security', of_table);
  execute format('create policy owner on %I to current_user using (true) with check (true)', of_table);
  execute format('create policy seen on %I for select to liandong_app using (sensitivity = 1 and origin = any (%s)'
    || ' or record_marks(num, origin, sensitivity, area) && %s)', of_table, work, beyond);
  execute format('grant select on %I to liandong_app', of_table);
  if of_table <> 'any_record' then
    execute format('alter table %I add primary key (num)', of_table);
    execute format('create index %s_list on %1$I(origin, created_at desc, num desc) include (state, sensitivity, area)', of_table);
    execute format('create index %s_sensitive on %1$I(num) include (sensitivity) where sensitivity <> 1', of_table);
    execute format('create index %s_area_num on %1$I(num) include (area, sensitivity) where area is not null', of_table);
    execute format('create index %s_area_last on %1$I(area, (events[cardinality(events)])) where area is not null', of_table);
    insert into record_type(type, name, prefix) values (kind, of_table, of_prefix);
  end if;
end $$;
call record_table(0::int2, 'any_record', '');

-- These ask of all kinds from now on. Column by column as before: see 0014_rights.sql and 0028_area_records.sql.
create or replace view record_sensitive as select r.num, r.sensitivity from any_record r where r.sensitivity <> 1;
create or replace view record_area as select r.num, r.area, r.sensitivity from any_record r where r.area is not null;

-- What a write of any kind answers: see incident_change.
create type record_answer as (
  outcome text, reason text, field text, conflict_fields text[], conflict_theirs text[], conflict_yours text[], current_version int4,
  id uuid, no text, version int4, state int2, at timestamptz, replay bool, allowed text[], roles int2[]);

-- Disputes (矛盾纠纷): server/functions/dispute.sql.
create table dispute(
  type int2 not null,              -- enum DisputeType
  subtype text,
  source int2 not null,            -- enum DisputeSource
  title text not null,             -- in a few words, without names
  content text,
  place text collate "C",          -- sealed
  place_index bytea,
  place_pairs bytea,
  people_count int4,
  amount_fen int8,
  warning int2 not null,           -- enum DisputeWarning
  complexity int2 not null default 1,  -- enum DisputeComplexity
  track int2 not null default 1,   -- enum DisputeTrack
  joint_required bool not null default false,
  lead_office int4,
  consent text,                    -- how and by whom the parties agreed to be mediated
  accepted_at timestamptz,
  due_at timestamptz,
  extended_to timestamptz,
  outcome int2,                    -- enum DisputeOutcome
  outcome_note text,
  concluded_at timestamptz,
  closed_police text,              -- heads who said that it is over
  closed_judicial text,
  closed_at timestamptz,
  archived_at timestamptz,
  checklist text,                  -- 一案一卷: what is in the file
  reopened_n int4 not null default 0,
  merged_into int8
) inherits (any_record);
call record_table(2::int2, 'dispute', 'JF');
create index dispute_open on dispute(lead_office) where state not in (4, 20, 21, 23, 24);

insert into record_field(type, field, systems)
select 2, f, null from unnest(array['type', 'subtype', 'source', 'title', 'content', 'place', 'people_count', 'amount_fen', 'warning', 'complexity', 'track', 'joint_required',
  'lead_office', 'consent', 'accepted_at', 'due_at', 'extended_to', 'outcome', 'outcome_note', 'concluded_at', 'closed_police', 'closed_judicial', 'closed_at', 'archived_at',
  'checklist', 'merged_into']) f;
insert into record_transition(type, kind, from_state, to_state, systems, roles)
select 2, t.kind, s, coalesce(t.to_state, s), t.systems, t.roles
from (values
  ('open_dispute', array[0], 1, array[1, 2], array[1, 2, 3, 4, 5]),
  ('note_dispute', array[1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22], null, array[1, 2], array[1, 2, 3, 4, 5])
) as t(kind, from_states, to_state, systems, roles), unnest(t.from_states) s;
