-- The feed: every change of the whole system, once, in commit order. It is what watchers read, the history of each record, the
-- audit trail, and the memory by which a repeated request is answered again instead of being carried out twice.
create table feed(
  seq int8 primary key,            -- no gaps: a hole is a loss
  at timestamptz not null,         -- never decreases; whole milliseconds, as the protocol tells time
  kind text not null,              -- the request's name
  entity uuid not null,            -- the incident's id
  no text not null,
  version int4 not null,           -- the incident's, after this event
  state int2 not null,
  class int2 not null,
  level int2 not null,
  office text not null,            -- who acted, in the words of the time
  office_name text not null,
  officer text not null,
  title text,                      -- place and first words
  changed text[],                  -- fields, with their values before and after, as text
  old_values text[],
  new_values text[],
  note text,
  threats int2[],
  repeat_count int4,
  act bytea not null,              -- the request as it was sent
  audience int4[] not null,        -- offices that could see it when it happened
  hash bytea not null,             -- SHA-256 of the hash before it and of everything above and below
  num int8 not null,               -- the incident's key
  origin int4 not null,            -- office that entered the incident: decides who sees the event now
  actor int4 not null,             -- office, device and request of the act
  device int8 not null,
  request_id uuid not null);
-- TOAST compression costs more time than it saves on such short values.
alter table feed alter column act set storage external, alter column title set storage external;
create unique index feed_request on feed(request_id);
create index feed_origin on feed(origin, seq);

-- One row: the end of the feed. Whoever locks it holds the pen. floor: events up to it are no longer replayed to watchers.
create table feed_head(
  one bool primary key default true check (one),
  seq int8 not null,
  hash bytea not null,
  at timestamptz not null,
  floor int8 not null) with (fillfactor = 10);
insert into feed_head values (true, 0, sha256('liandong feed'), 'epoch', 0);

-- Append-only, by what is not granted.
grant select, insert on feed to liandong_app;
grant select, update on feed_head to liandong_app;

-- The bytes that an event's hash covers: PostgreSQL's binary form of a row of these columns in this order (count of columns, then
-- for each its type's number, length and bytes; -1 for NULL), text in UTF-8. Anybody can compute it from the columns alone.
-- `stable` only because record_send is: the database is UTF-8 and so must be the connection that checks it (see _guard.sql).
create function feed_bytes(seq int8, at timestamptz, kind text, entity uuid, no text, version int4, state int2, class int2, level int2,
    office text, office_name text, officer text, title text, changed text[], old_values text[], new_values text[], note text,
    threats int2[], repeat_count int4, act bytea, audience int4[], num int8, origin int4, actor int4, device int8, request_id uuid)
  returns bytea stable parallel safe language sql as $$
  select record_send(row(seq, at, kind, entity, no, version, state, class, level, office, office_name, officer, title, changed,
    old_values, new_values, note, threats, repeat_count, act, audience, num, origin, actor, device, request_id))
$$;
-- The hash of an event: of the hash before it and its own bytes.
create function feed_hash(previous bytea, event bytea) returns bytea immutable strict parallel safe language sql as $$
  select sha256(previous || event)
$$;
-- The hashes of consecutive events.
create function feed_chain(previous bytea, events bytea[]) returns bytea[] immutable parallel safe language plpgsql as $$
declare
  hashes bytea[] := '{}';
  event bytea;
  n int4 := 0;
begin
  foreach event in array events loop
    n := n + 1;
    previous := sha256(previous || event);  -- feed_hash, written out: this is the innermost loop of all writing
    hashes[n] := previous;
  end loop;
  return hashes;
end $$;

-- The time of the events of this transaction: the pen's holder may have waited, so the clock is read now, and never runs backwards.
create function feed_time(head timestamptz) returns timestamptz volatile language sql as $$
  select greatest(head, date_trunc('milliseconds', clock_timestamp()))
$$;

-- Appends one event; the pen is held. seq, at and hash are set here, whatever `event` says.
create function feed_append(event feed) returns timestamptz language plpgsql as $$
declare
  head feed_head;
begin
  select * into strict head from feed_head;
  event.seq := head.seq + 1;
  event.hash := feed_hash(head.hash, feed_bytes(event.seq, event.at, event.kind, event.entity, event.no, event.version, event.state,
    event.class, event.level, event.office, event.office_name, event.officer, event.title, event.changed, event.old_values,
    event.new_values, event.note, event.threats, event.repeat_count, event.act, event.audience, event.num, event.origin, event.actor,
    event.device, event.request_id));
  insert into feed select event.*;
  update feed_head set seq = event.seq, hash = event.hash, at = event.at;
  return event.at;
end $$;

-- The newest event before a moment, 0 where there is none. Since seq has no gaps and time never decreases, halving finds it.
create function feed_before(moment timestamptz) returns int8 stable language plpgsql as $$
declare
  low int8 := 0;
  high int8 := (select h.seq from feed_head h);
  middle int8;
begin
  while low < high loop
    middle := (low + high + 1) / 2;
    if (select f.at < moment from feed f where f.seq = middle) then
      low := middle;
    else
      high := middle - 1;
    end if;
  end loop;
  return low;
end $$;

grant execute on function
  feed_bytes(int8, timestamptz, text, uuid, text, int4, int2, int2, int2, text, text, text, text, text[], text[], text[], text, int2[],
    int4, bytea, int4[], int8, int4, int4, int8, uuid),
  feed_hash(bytea, bytea), feed_chain(bytea, bytea[]), feed_time(timestamptz), feed_append(feed), feed_before(timestamptz) to liandong_app;
