-- What administrators watch: the nodes, who is connected to them, their logs, and the orders given to them. Nothing here holds case
-- content. Nodes meet only in this database, so each writes about itself and reads what the others wrote.
--
-- What is true only while a process runs is unlogged: no write-ahead log, and empty after a crash of PostgreSQL or on a standby that
-- took over; every node then tells anew (functions/operation.sql, node_beat). Orders and when a device was last seen are kept.
create table node_rule(
  since date primary key,
  silent_seconds int4 not null check (silent_seconds >= 3),    -- a node not heard of for so long is silent
  forget_hours int4 not null check (forget_hours >= 1),        -- a silent one is listed for so long
  log_keep_hours int4 not null check (log_keep_hours >= 1),    -- lines are kept for so long
  order_seconds int4 not null check (order_seconds >= 5));     -- an order is carried out by who sees it within this time
grant select on node_rule to liandong_app;
insert into node_rule values ('2020-01-01', 5, 24, 24, 60);

create unlogged table node_status(
  instance uuid primary key,       -- one run of a process
  node text not null,
  first timestamptz not null,      -- when it was heard of first
  at timestamptz not null,         -- and last
  log_n int8 not null,             -- lines taken from it: one that is handed over again is not taken twice
  told jsonb not null)             -- the rest, as the node told it
  with (fillfactor = 50);

create unlogged table node_metric(
  instance uuid primary key,
  at timestamptz not null,
  page text not null);             -- as /metrics says it

create unlogged table node_session(
  instance uuid not null,
  conn int8 not null,
  device int8 not null,
  told jsonb not null,
  primary key (instance, conn)) with (fillfactor = 70);
create index node_session_device on node_session(device);

-- id: microseconds since 1970 when the line was taken, made unique; given out under a lock that is held until the commit, so that
-- whoever has read up to an id has missed nothing before it.
create unlogged table node_log(
  id int8 primary key,
  at timestamptz not null,
  node text not null,
  level int2 not null,             -- enum LogLevel: 1 error, 2 warn, 3 info
  event text not null,
  office text,
  text text not null);             -- the other fields, key=value

create table node_order(
  id uuid primary key,             -- the request's
  at timestamptz not null,
  kind text not null check (kind in ('kick_sessions', 'drain_node', 'set_log_level')),
  node text,                       -- NULL: every node
  terms jsonb not null,            -- what the kind needs
  reason text,
  act bytea not null,
  actor int4 not null references office(id),
  device int8 not null references device(id),
  officer text not null);
create index node_order_at on node_order(at);

create table node_answer(
  node_order uuid not null references node_order(id),
  instance uuid not null,
  node text not null,
  at timestamptz not null,
  count int4 not null,
  outcome text,
  primary key (node_order, instance));

create table device_seen(
  device int8 primary key references device(id),
  at timestamptz not null,
  address text,
  client text,
  certificate_until timestamptz);

-- The runtime role reads these as an administrator only, and writes them through functions only.
do $$
declare
  name text;
begin
  foreach name in array array['node_status', 'node_metric', 'node_session', 'node_log', 'node_order', 'node_answer', 'device_seen'] loop
    execute format('grant select on %I to liandong_app', name);
    execute format('alter table %I enable row level security', name);
    execute format('create policy administrators on %I for select using (caller_role() = 7)', name);
  end loop;
end $$;
