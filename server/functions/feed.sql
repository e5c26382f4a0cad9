-- The feed: how a write begins, how an event is appended, how the chain is checked.

-- The hash of an event: SHA-256 of the hash before it and the event's bytes; those are PostgreSQL's binary form of the row while
-- its hash is still NULL: the count of columns, then for each its type's number, its length (-1 for NULL) and its bytes, text in
-- UTF-8. Anybody can compute it from the row alone. `stable` only because record_send is, which depends on the connection's
-- encoding: see _guard.sql.
create or replace function feed_hash(previous bytea, event feed) returns bytea stable parallel safe language sql as $$
  select sha256(previous || record_send(event))
$$;

-- What every write begins with, the pen being held: the end of the feed and the rules of today. The moment of its events is the
-- clock's now (the pen's holder may have waited), and never runs backwards.
create or replace function feed_begin(out seq int8, out hash bytea, out moment timestamptz, out latest timestamptz, out repeat_span interval,
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

-- Appends one event; the pen is held. seq, at and hash are set here, whatever `event` says. The runtime role may not write the feed itself; this and report_incidents are the only ways.
create or replace function feed_append(event feed) returns timestamptz language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
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

-- The event of a request, whoever may see it: a repeated key is answered the same way whatever stands under it, so that a collision
-- betrays nothing. A row of NULLs where there is none.
create or replace function feed_past(request uuid) returns feed stable language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return (select f from feed f where f.request_id = request);
end $$;

-- The newest event before a moment, 0 where there is none. Since seq has no gaps and time never decreases, halving finds it.
create or replace function feed_before(moment timestamptz) returns int8 stable language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
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

-- Checks the chain over the whole feed. The caller may see little of it and learns only whether it is whole.
create or replace function feed_verify(out intact bool, out checked int8, out first_broken text, out head bytea, out at timestamptz)
  stable language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  h feed_head;
  event feed;
  said bytea;
  previous bytea := sha256('liandong feed');
begin
  select * into strict h from feed_head;
  head := h.hash;
  at := date_trunc('milliseconds', clock_timestamp());
  checked := 0;
  for event in select * from feed f order by f.seq loop
    if event.seq <> checked + 1 then
      exit;
    end if;
    said := event.hash;
    event.hash := null;
    previous := feed_hash(previous, event);
    if previous <> said then
      first_broken := format('#%s CHANGED', event.seq);
      exit;
    end if;
    checked := checked + 1;
  end loop;
  if first_broken is null and (checked < h.seq or exists (select from feed f where f.seq > checked)) then
    first_broken := format('#%s MISSING', checked + 1);
  elsif first_broken is null and (checked <> h.seq or previous <> h.hash) then
    first_broken := format('#%s HEAD', checked);
  end if;
  intact := first_broken is null;
end $$;

-- Events up to the newest one older than keep_ms are no longer replayed. They stay: the feed is the history of the records.
create or replace function feed_keep(keep_ms int8) returns int8 language plpgsql as $$
declare
  upto int8 := feed_before(clock_timestamp() - keep_ms * interval '1 millisecond');
begin
  update feed_head set floor = upto where floor < upto;
  return (select h.floor from feed_head h);
end $$;

grant execute on function feed_hash(bytea, feed), feed_begin(), feed_append(feed), feed_past(uuid), feed_before(timestamptz), feed_verify(), feed_keep(int8) to liandong_app;
