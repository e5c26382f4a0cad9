-- Parties of disputes (当事人) and who is the same person: server/functions/person.sql. Names, numbers and addresses are sealed, for the dispute.
create table party(
  dispute int8 not null,
  seq int4 not null,
  role int2 not null,              -- enum PartyRole
  name text collate "C" not null,
  name_index bytea,                -- blind indexes: equal for equal values
  phone text collate "C",
  phone_index bytea,
  id_no text collate "C",
  id_index bytea,
  gender int2,                     -- enum Gender
  birth_year int4,
  domicile text collate "C",
  domicile_index bytea,
  person int8 not null,            -- whom the system takes this to be
  origin int4 not null references office(id),  -- that entered it
  entered_by text not null,
  entered_at timestamptz not null,
  removed_by text,
  removed_at timestamptz,
  removed_why text,
  primary key (dispute, seq));
create index party_person on party(person);
create index party_phone on party(phone_index) where phone_index is not null;
create index party_id on party(id_index) where id_index is not null;
create index party_name on party(name_index);
create index party_domicile on party(domicile_index) where domicile_index is not null;
create sequence person_number as int8;

-- Two persons who are one: which rows were moved is kept, so that taking it back moves those and no others.
create table person_merge(
  id int8 primary key generated always as identity,
  person int8 not null,
  into_person int8 not null,
  office int4 not null,
  made_by text not null,
  made_at timestamptz not null,
  reason text not null,
  undone_by text,
  undone_at timestamptz,
  undone_why text);
create unique index person_merge_one on person_merge(person) where undone_at is null;
create table person_merge_party(
  merge int8 not null references person_merge(id),
  dispute int8 not null,
  seq int4 not null,
  primary key (merge, dispute, seq));
grant select on party, person_merge, person_merge_party to liandong_app;
alter table party enable row level security;
alter table party force row level security;
create policy owner on party to current_user using (true) with check (true);
create policy seen on party for select to liandong_app using (exists (select from dispute d where d.num = party.dispute));
alter table person_merge_party enable row level security;
alter table person_merge_party force row level security;
create policy owner on person_merge_party to current_user using (true) with check (true);
create policy seen on person_merge_party for select to liandong_app using (exists (select from dispute d where d.num = person_merge_party.dispute));
alter table person_merge enable row level security;
alter table person_merge force row level security;
create policy owner on person_merge to current_user using (true) with check (true);
create policy seen on person_merge for select to liandong_app using (exists (select from person_merge_party p where p.merge = person_merge.id));

insert into record_field(type, field) values (2, 'party'), (2, 'party_role'), (2, 'party_fields'), (2, 'person'), (2, 'purpose'), (2, 'case_no');
insert into record_transition(type, kind, from_state, to_state, systems, roles, reason_required)
select 2, k.kind, s, s, array[1, 2], array[1, 2, 3, 4, 5], k.kind = 'remove_party'
from (values ('add_party'), ('correct_party'), ('remove_party')) as k(kind), generate_series(1, 22) s where s <> 21;

-- Repeated alarms propose a dispute: server/functions/proposal.sql. Numbers, classes and periods are data, with the day from which they hold.
create table proposal_class(
  class int2 not null,             -- enum IncidentClass: what is counted
  title text not null,             -- of the dispute: no names
  started_on date not null default '2020-01-01',
  ended_on date,
  primary key (class, started_on),
  check (ended_on > started_on));
insert into proposal_class(class, title) values (2, '反复报警：治安'), (6, '反复报警：纠纷'), (8, '反复报警：扬言极端');

-- So many alarms within so many days, one of them with this threat where one is named, are of this colour.
create table proposal_rule(
  count int4 not null check (count >= 2),
  days int4 not null,
  threat int2,                     -- enum Threat
  warning int2 not null,           -- enum DisputeWarning
  started_on date not null default '2020-01-01',
  ended_on date,
  check (ended_on > started_on));
create unique index proposal_rule_one on proposal_rule(count, days, coalesce(threat, 0), started_on);
insert into proposal_rule(count, days, threat, warning) values (2, 30, null, 2), (3, 30, null, 3), (5, 90, null, 4),
  (2, 30, 1, 4), (2, 30, 2, 4), (2, 30, 5, 4), (2, 30, 6, 4);

-- How close in time an alarm and a dispute at one place are suspected to be the same matter.
create table suspect_rule(
  started_on date primary key default '2020-01-01',
  minutes int4 not null);
insert into suspect_rule(minutes) values (10080);
grant select on proposal_class, proposal_rule, suspect_rule to liandong_app;

-- Incidents up to this number were looked at; as search_head.
create table proposal_head(one bool primary key default true check (one), done int8 not null);
insert into proposal_head(done) select coalesce(max(num), 0) from incident;
grant select on proposal_head to liandong_app;

create index dispute_place_index on dispute(place_index) where place_index is not null;

-- Disputes merged into others. What belongs to a dispute stays its own, and is read with the other's: dispute_family.
create table dispute_merge(
  id int8 primary key generated always as identity,
  dispute int8 not null,
  into_dispute int8 not null,
  state int2 not null,             -- that the dispute was in
  made_by text not null,
  made_at timestamptz not null,
  undone_at timestamptz);
create unique index dispute_merge_one on dispute_merge(dispute) where undone_at is null;
grant select on dispute_merge to liandong_app;
alter table dispute_merge enable row level security;
alter table dispute_merge force row level security;
create policy owner on dispute_merge to current_user using (true) with check (true);
create policy seen on dispute_merge for select to liandong_app using (exists (select from dispute d where d.num = dispute_merge.dispute));

insert into record_transition(type, kind, from_state, to_state, systems, roles, reason_required)
select 2, 'suspect_duplicate', s, s, array[1, 2], array[0], false from generate_series(1, 22) s where s not in (4, 20, 21)
union all select 2, 'merge_dispute', s, 23, array[1, 2], array[2, 3, 4, 5], true from generate_series(1, 22) s where s not in (4, 20, 21)
union all select 2, 'unmerge_dispute', 23, 23, array[1, 2], array[2, 3, 4, 5], true
union all select 2, 'absorb_dispute', s, s, array[1, 2], array[0], false from generate_series(1, 24) s;
insert into record_field(type, field) values (2, 'absorbed'), (2, 'released');
