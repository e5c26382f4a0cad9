-- What needs a reason that others see, and what needs a second person. See functions/approval.sql and reveal.sql.

-- How often somebody has revealed lately.
create index audit_reveal on audit(account, device, at) where kind = 'reveal_incident';

-- An act that one person asked for and another has to agree to. It is carried out when the first one asks for the same again.
create table approval(
  id int8 primary key generated always as identity,
  uid uuid not null unique default gen_random_uuid(),  -- entity of its event
  kind text not null,              -- the request's name
  record uuid not null,
  no text not null,
  subject text not null,           -- what else of the act was agreed to
  account int8 not null,           -- who asked; 0 where a device acts by itself
  device int8 not null,
  officer text not null,
  office int4 not null references office(id),
  asked_at timestamptz not null,
  until timestamptz not null,      -- not decided or not used by then: void
  agreed bool,                     -- NULL: not decided yet
  decided_by text,
  decided_at timestamptz,
  remark text,
  used_at timestamptz);
create index approval_asked on approval(record, kind, account, device);
create index approval_office on approval(office, id desc);

-- What needs a second person (beside much revealing: audit_rule), and how long his word can be given and used. The row of the latest day
-- that has come holds.
create table approval_rule(
  since date primary key,
  hours int4 not null check (hours > 0),
  grant_from int2 not null,        -- opening a record of this sensitivity or above to a person
  lower_from int2 not null);       -- lowering an incident from this level (enum IncidentLevel: 1 is the gravest) or a graver one
insert into approval_rule values ('2020-01-01', 8, 3, 1);
