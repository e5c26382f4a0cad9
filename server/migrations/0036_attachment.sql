-- Attachments (附件): letters and photos of records of any kind, in chunks. What they are called, their SHA-256 and their bytes are sealed by
-- the server before they come here (server/call/attachment.h); whoever sees the record sees them, at every chunk anew.
create table attachment_rule(
  since date primary key,
  chunk int4 not null check (chunk % 64 = 0 and chunk between 64 and 262144),  -- bytes of each but the last: SHA-256 can stop only at blocks of 64
  most int8 not null,              -- bytes of one attachment
  record_most int8 not null,       -- and of all of one record
  hours int4 not null,             -- an upload that nobody goes on with for so long is given up
  reading_hours int4 not null);    -- a download that was begun may go on for so long
insert into attachment_rule values ('2020-01-01', 131072, 20971520, 209715200, 24, 12);

create table attachment(
  id int8 primary key generated always as identity,
  num int8 not null,               -- of its record
  name text collate "C" not null,  -- sealed
  sha256 text collate "C" not null,  -- sealed; its mark says which are the same file
  size int8 not null,
  media_type text not null,
  chunk int4 not null,
  received int8 not null default 0,
  hash text collate "C",           -- SHA-256 as far as the bytes came, sealed; NULL once all are there
  office int4 not null references office(id),  -- who began
  officer text not null,
  begun_at timestamptz not null,
  touched_at timestamptz not null,
  attached_at timestamptz);        -- all bytes are there, and are those that were announced
create table attachment_chunk(
  attachment int8 not null references attachment(id) on delete cascade,
  n int4 not null,
  bytes bytea not null,            -- sealed for this record, attachment and place in it
  primary key (attachment, n));
alter table attachment_chunk alter column bytes set storage external;  -- ciphertext can't be compressed

-- Downloads that were begun, and so written down where the record is sensitive: chunks are for nobody else.
create table attachment_reading(
  attachment int8 not null references attachment(id) on delete cascade,
  account int8 not null,
  device int8 not null,
  until timestamptz not null,
  primary key (attachment, account, device));

create function attachment_mark(sha256 text) returns text immutable parallel safe language sql as $$
  select case when sha256 ~ '^~1\.' then substr(sha256, 13, 22) else sha256 end
$$;
create unique index attachment_one on attachment(num, attachment_mark(sha256));
create index attachment_unfinished on attachment(touched_at) where attached_at is null;

grant select on attachment_rule, attachment, attachment_chunk, attachment_reading to liandong_app;
alter table attachment enable row level security;
alter table attachment force row level security;
create policy owner on attachment to current_user using (true) with check (true);
create policy seen on attachment for select to liandong_app using (exists (select from any_record r where r.num = attachment.num));
alter table attachment_chunk enable row level security;
alter table attachment_chunk force row level security;
create policy owner on attachment_chunk to current_user using (true) with check (true);
create policy seen on attachment_chunk for select to liandong_app using (exists (select from attachment a where a.id = attachment_chunk.attachment));
alter table attachment_reading enable row level security;
alter table attachment_reading force row level security;
create policy owner on attachment_reading to current_user using (true) with check (true);
create policy seen on attachment_reading for select to liandong_app using (account = coalesce(caller_account(), 0) and device = coalesce(caller_device(), 0));
