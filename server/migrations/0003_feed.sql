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

-- One row: the end of the feed, and whatever else every write reads and moves. Whoever locks it holds the pen.
create table feed_head(
  one bool primary key default true check (one),
  seq int8 not null,
  hash bytea not null,
  at timestamptz not null,         -- of the newest event
  floor int8 not null,             -- events up to it are no longer replayed to watchers
  day date not null,               -- of the last write: a new day may begin or end pairings, a new year begins new numbers
  number int4 not null             -- last one given out this year: the one allocator of the numbers that people see
) with (fillfactor = 10);
insert into feed_head values (true, 0, sha256('liandong feed'), 'epoch', 0, today(), 0);

-- Append-only, by what is not granted.
grant select, insert on feed to liandong_app;
grant select, update on feed_head to liandong_app;

-- The hash of an event: SHA-256 of the hash before it and the event's bytes; those are PostgreSQL's binary form of the row while
-- its hash is still NULL: the count of columns, then for each its type's number, its length (-1 for NULL) and its bytes, text in
-- UTF-8. Anybody can compute it from the row alone. `stable` only because record_send is, which depends on the connection's
-- encoding: see _guard.sql.
create function feed_hash(previous bytea, event feed) returns bytea stable parallel safe language sql as $$
  select sha256(previous || record_send(event))
$$;

-- What every write begins with, the pen being held: the end of the feed and the rules of today. The moment of its events is the
-- clock's now (the pen's holder may have waited), and never runs backwards.
create function feed_begin(out seq int8, out hash bytea, out moment timestamptz, out latest timestamptz, out repeat_span interval,
    out repeat_most int4, out base int8)
  language plpgsql as $$
declare
  h record;
  new_day date;
begin
  select f.seq, f.hash, f.at, f.day, f.number, t.future_minutes, t.repeat_days, t.repeat_most into strict h
  from feed_head f cross join lateral (select * from threshold x where x.since <= f.day order by x.since desc limit 1) t;
  seq := h.seq;
  hash := h.hash;
  moment := greatest(h.at, date_trunc('milliseconds', clock_timestamp()));
  latest := moment + make_interval(mins => h.future_minutes);
  repeat_span := make_interval(days => h.repeat_days);
  repeat_most := h.repeat_most;
  new_day := (moment at time zone 'Asia/Shanghai')::date;
  if new_day <> h.day then
    perform directory_work_out();
    if extract(year from new_day) <> extract(year from h.day) then
      h.number := 0;
    end if;
    update feed_head set day = new_day, number = h.number;
  end if;
  base := extract(year from new_day)::int8 * 1000000000 + h.number;
end $$;

-- Appends one event; the pen is held. seq, at and hash are set here, whatever `event` says.
create function feed_append(event feed) returns timestamptz language plpgsql as $$
declare
  head feed_head;
begin
  select * into strict head from feed_head;
  event.seq := head.seq + 1;
  event.hash := null;
  event.hash := feed_hash(head.hash, event);
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

grant execute on function feed_hash(bytea, feed), feed_begin(), feed_append(feed), feed_before(timestamptz) to liandong_app;
