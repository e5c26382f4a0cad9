-- Who saw what and who was refused. A second chain beside the feed: the feed tells what changed, to all who may see it; this tells who
-- looked, to those who watch over it. Written in the transaction of the act it tells of, the pen being held; see functions/audit.sql.
create table audit(
  seq int8 primary key,            -- no gaps
  at timestamptz not null,         -- never decreases
  kind text not null,              -- the request's name; 'denied' where it was refused for want of a right
  request text not null,           -- the request's name
  account int8 not null,           -- who: 0 where a device acts by itself
  officer text not null,
  device int8 not null,
  office text not null,            -- in whose name, in the words of the time
  office_name text not null,
  role int2 not null,
  record uuid,                     -- of what; NULL where nothing was named, or nothing there is
  no text,                         -- as it is known, or, where there is no such record, as it was named
  level int2,                      -- sensitivity of what was told, 0..4
  fields text[],                   -- which of the sensitive fields were told; never their values
  purpose text,
  case_no text,
  reason text,                     -- of a refusal
  count int4 not null,             -- 1; more where many refusals of one device share a row
  request_id uuid,
  hash bytea not null);            -- SHA-256 of the hash before it and of everything above, as feed.hash
create index audit_record on audit(record, seq) where record is not null;
create index audit_office on audit(office, seq);
create index audit_denied on audit(seq) where kind = 'denied';

create table audit_head(
  one bool primary key default true check (one),
  seq int8 not null,
  hash bytea not null,
  at timestamptz not null) with (fillfactor = 10);
insert into audit_head values (true, 0, sha256('liandong audit'), 'epoch');

-- Refusals of one device within one minute: those with a row of their own, and the rest, which will share one.
create table audit_flood(
  device int8 primary key,
  minute timestamptz not null,
  written int4 not null,
  rest int4 not null,
  request text not null,           -- the newest of them
  reason text not null,
  account int8 not null,
  officer text not null,
  office int4 not null,
  role int2 not null) with (fillfactor = 50);
create index audit_flood_rest on audit_flood(minute) where rest > 0;

-- How much and how often. The row of the latest day that has come holds.
create table audit_rule(
  since date primary key,
  denied_per_minute int4 not null check (denied_per_minute > 0),  -- of one device, with a row of their own each; the rest is counted
  sign_seconds int4 not null check (sign_seconds > 0),            -- heads are signed this often,
  sign_entries int4 not null check (sign_entries > 0),            -- and after so many entries
  reveal_per_hour int4 not null check (reveal_per_hour > 0),      -- of one person; above it a second one has to agree
  reveal_per_day int4 not null check (reveal_per_day > 0));
insert into audit_rule values ('2020-01-01', 20, 60, 1000, 30, 200);

-- What sensitive fields may be revealed for.
create table audit_purpose(
  code text primary key check (code ~ '^[a-z_]{1,32}$'),
  name text not null,
  started_on date not null default '2020-01-01',
  ended_on date);
insert into audit_purpose(code, name) values
  ('handling', '处置警情'), ('mediation', '联合调解'), ('follow_up', '回访'), ('risk', '风险评估'), ('investigation', '办案'),
  ('complaint', '信访投诉处理'), ('supervision', '监督检查');

-- Heads of both chains with a server's signature: what a witness in another office keeps, so that whoever rebuilds a chain is found.
-- Each signs the one before it too, so that none can be taken out.
create table audit_signature(
  n int8 primary key,              -- no gaps
  at timestamptz not null,
  node text not null,
  feed_seq int8 not null,
  feed_hash bytea not null,
  audit_seq int8 not null,
  audit_hash bytea not null,
  previous bytea not null,         -- SHA-256 of the signature before it
  key bytea not null,              -- Ed25519 public key, 32 bytes
  signature bytea not null);

-- Append-only: for the server by what is not granted, for everybody else, the owner included, by triggers. A superuser can switch them
-- off; that what was changed then is found is what the chain and the signatures are for.
create function append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete or truncate on audit for each statement execute function append_only();
create trigger append_only before update or delete or truncate on audit_signature for each statement execute function append_only();

grant select, insert on audit, audit_signature to liandong_app;
grant select, update on audit_head to liandong_app;
grant select, insert, update on audit_flood to liandong_app;
grant select on audit_rule, audit_purpose to liandong_app;
