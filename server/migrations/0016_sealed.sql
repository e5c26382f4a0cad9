-- Sealed fields: who has the database without the servers' key file reads no name, no telephone number of a reporter. What is
-- stored is a token that the server made (common/seal.h); this database never has the clear text or a key that is not wrapped.
--
-- Rows of before stay as they are: the feed's are hash-chained and hold the text for good.
create sequence sealing_change as int8;
create table sealing_key(
  id int4 primary key generated always as identity,   -- stands in each token
  purpose text not null check (purpose in ('index', 'data')),
  class text not null check (class <> ''),             -- kind of text: name, phone
  year int4 not null,                                  -- of a data key; 0 for an index key, which is for good
  wrapped bytea not null check (length(wrapped) = 60), -- AES-256-GCM under a key of seal_key_file: nonce, key, tag
  kek text not null,                                   -- and under which: the beginning of a hash of it
  current bool not null default true,                  -- of its purpose, class and year the one that seals; the others only open
  made_at timestamptz not null default now(),
  changed int8 not null default nextval('sealing_change'));
create unique index sealing_key_current on sealing_key(purpose, class, year) where current;
-- A server adds what is missing; replacing and wrapping anew is the owner's (liandongd seal-rotate).
grant select, insert on sealing_key to liandong_app;
grant usage on sequence sealing_change to liandong_app;

-- Equal telephone numbers have equal ones: HMAC-SHA-256 under a key that is not here, 16 bytes.
alter table incident add column phone_index bytea;
create index incident_phone_index on incident(phone_index, received_at) where phone_index is not null;
-- Numbers of before, until the server has worked theirs out.
create index incident_phone_behind on incident(num) where phone_index is null and reporter_phone is not null;
drop index incident_phone;
