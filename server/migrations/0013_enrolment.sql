-- How a device becomes one of the directory: an administrator invites it, its key is made on it, the server's own authority certifies
-- that key. Where an outside authority certifies, devices are entered by `liandongd directory` as before and none of this is used.

-- Periods of practice. The row of the latest day that has come holds.
create table enrolment_rule(
  since date primary key,
  token_minutes int4 not null check (token_minutes between 1 and 1440),          -- an invitation is good for so long
  certificate_days int4 not null check (certificate_days between 1 and 825));    -- and what it led to for so long
insert into enrolment_rule values ('2020-01-01', 15, 90);

-- An invitation. Its secret is told once, to who made it, and kept nowhere.
create table invitation(
  hash bytea primary key check (length(hash) = 32),   -- SHA-256 of the secret
  request uuid not null unique,                       -- that made it
  office int4 not null references office(id),
  device text not null,
  role int2,                                          -- a device that acts by itself, in this role; NULL: one at which people log in
  made_by text not null,
  made_at timestamptz not null,
  until timestamptz not null,
  used_by uuid unique,                                -- the request that used it, and the key it was used for
  key bytea check (length(key) = 32));
create index invitation_device on invitation(device) where used_by is null;

-- The certificate that a device got last. NULL: from elsewhere.
alter table device add column certificate_serial bytea check (length(certificate_serial) = 16), add column certificate_from timestamptz,
  add column certificate_until timestamptz, add column certificate_request uuid unique,
  add column revoked_at timestamptz, add column revoked_by text, add column revoked_why text;

-- A renewed certificate is no change of who is who: no server needs to read the directory again for it.
drop trigger changed on device;
create trigger changed after insert or delete or update of name, key, office, officer, role, revoked, unattended on device
  for each statement execute function directory_changed();
