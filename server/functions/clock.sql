-- Clocks: what has to happen by when, and what comes of it if it does not. The rules are rows (clock_rule), and so is every clock; none lives in
-- a process. Whoever changes a record starts, pauses and stops its clocks within the same transaction, the pen held, and so are clocks
-- that are due carried out (clocks_due), by whichever node looks first: what stops a clock and what fires it stand one after the
-- other, and each sees what the other did. A clock is marked as fired in the transaction that holds its event, whose request_id
-- follows from the clock: it fires once, whatever is killed in between.
--
-- Time is the database's alone. The feed's moments never run backwards and so stand still after the clock was set back; clocks do not, they
-- go by what the database's clock says. See clock_guard for how far that is believed.

-- The moment from which a clock counts: what the caller says, but for the feed's moments while those are ahead of the clock.
create or replace function clock_base(moment timestamptz, newest timestamptz) returns timestamptz language sql as $$
  select case when moment <= newest then least(moment, date_trunc('milliseconds', clock_timestamp())) else moment end
$$;
create or replace function clock_base(moment timestamptz) returns timestamptz language sql as $$
  select clock_base(moment, (select h.at from feed_head h))
$$;

create or replace function clock_due(working bool, from_at timestamptz, amount int8) returns timestamptz stable language sql as $$
  select case when working then working_end(from_at, amount::int4) else from_at + amount * interval '1 millisecond' end
$$;

-- A clock with everything that follows from where it counts from, how much is left and what was done.
create or replace function clock_worked_out(c clock) returns clock stable language plpgsql as $$
begin
  c.due_at := clock_due(c.working, c.from_at, c.amount);
  c.near_at := c.due_at - (select r.near_seconds from clock_rule r where r.type = c.type and r.rule = c.rule and r.started_on = c.rule_since) * interval '1 second';
  c.next_at := case when c.stopped_at is not null or c.fired_at is not null or c.paused_at is not null then null
    when c.near_fired_at is null then least(c.near_at, c.due_at) else c.due_at end;
  c.failures := 0;
  return c;
end $$;

create or replace function clock_keep(c clock) returns void language sql as $$
  update clock x set (owner, from_at, amount, due_at, near_at, next_at, paused_at, near_fired_at, fired_at, stopped_at, wall_at, failures) =
    (select c.owner, c.from_at, c.amount, c.due_at, c.near_at, c.next_at, c.paused_at, c.near_fired_at, c.fired_at, c.stopped_at, c.wall_at, c.failures)
  where x.id = c.id
$$;

-- Starts clocks of a record, each by a rule and from a moment. Where one is open by that rule it is stopped, and a new one begins. All of them in
-- one statement, as clock_worked_out works each out: an alert that is raised starts five, 0.25 ms each if they came one by one.
create or replace function clocks_start(of_num int8, rules text[], moments timestamptz[]) returns void language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  whole jsonb := record_whole(of_num);
  of_kind int2 := record_type_of(of_num);
  newest timestamptz := (select h.at from feed_head h);
  unknown text;
  started int4;
begin
  perform clock_stop(of_num, w.rule, w.moment) from unnest(rules, moments) w(rule, moment)
  where exists (select from clock c where c.num = of_num and c.rule = w.rule and c.stopped_at is null);
  insert into clock(num, type, rule, rule_since, origin, owner, started_at, working, from_at, amount, due_at, near_at, next_at, wall_at)
  with one as materialized (
      select r.*, w.ord, w.moment, clock_base(w.moment, newest) as from_at, r.working_days is not null as working, coalesce(r.seconds * 1000, r.working_days) as amount
      from unnest(rules, moments) with ordinality w(named, moment, ord) cross join lateral (select * from clock_rule x where x.type = of_kind and x.rule = w.named
        and x.started_on <= today() and (x.ended_on is null or x.ended_on > today()) order by x.started_on desc limit 1) r),
    due as materialized (select o.*, clock_due(o.working, o.from_at, o.amount) as due_at from one o)
  select of_num, of_kind, d.rule, d.started_on, (whole ->> 'origin')::int4, coalesce((whole ->> d.owner_field)::int4, (whole ->> 'origin')::int4), d.moment, d.working,
    d.from_at, d.amount, d.due_at, d.due_at - d.near_seconds * interval '1 second', least(d.due_at - d.near_seconds * interval '1 second', d.due_at), clock_timestamp()
  from due d order by d.ord;  -- what is due at one moment fires in the order in which it was started
  get diagnostics started = row_count;
  if started < cardinality(rules) then  -- given up since, or never there
    unknown := (select n from unnest(rules) n where not exists (select from clock_rule r where r.type = of_kind and r.rule = n) limit 1);
    if unknown is not null then
      raise exception 'no clock_rule % for records of type %', unknown, of_kind;
    end if;
  end if;
end $$;
create or replace function clock_start(of_num int8, of_rule text, moment timestamptz) returns void language plpgsql as $$
begin
  perform clocks_start(of_num, array[of_rule], array[moment]);
end $$;

-- As clock_start, but due when the record itself says; where that is nearer than the rule tells ahead, nothing is told ahead.
create or replace function clock_start_at(of_num int8, of_rule text, due timestamptz, moment timestamptz) returns void language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  c clock;
begin
  perform clock_start(of_num, of_rule, moment);
  for c in select * from clock x where x.num = of_num and x.rule = of_rule and x.stopped_at is null and not x.working loop
    c.amount := greatest(extract(epoch from due - c.from_at) * 1000, 0)::int8;
    c := clock_worked_out(c);
    if c.near_at <= c.from_at then
      c.near_fired_at := moment;
    end if;
    perform clock_keep(clock_worked_out(c));
  end loop;
end $$;

-- Stops a clock of a record, or all of them (rule NULL); none runs: nothing happens. What it has alerted of is over.
create or replace function clock_stop(of_num int8, of_rule text, moment timestamptz) returns void language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  told int8[];
begin
  with stopped as (
    update clock c set stopped_at = greatest(moment, c.started_at), next_at = null
    where c.num = of_num and (of_rule is null or c.rule = of_rule) and c.stopped_at is null
    returning c.id, num_nonnulls(c.near_fired_at, c.fired_at) > 0 as fired)
  select array_agg(s.id order by s.id) filter (where s.fired) into told from stopped s;
  if told is not null then
    perform alert_settle(id, moment) from unnest(told) id;
  end if;
end $$;

-- Takes the stopping of a clock back: it is as if it had run on.
create or replace function clock_again(of_id int8) returns void language plpgsql as $$
declare
  c clock := (select x from clock x where x.id = of_id);
begin
  c.stopped_at := null;
  if c.paused_at is null then
    c := clock_worked_out(c);
  end if;
  perform clock_keep(c);
end $$;

-- Pauses and resumes a clock that was not due yet: what is left of it stands still. That it is near is over meanwhile, and told again if it still is
-- when it goes on; unless nothing is told ahead of it (clock_start_at: it bears the moment it started, which lies ahead where an extension begins).
create or replace function clock_pause(of_num int8, of_rule text, moment timestamptz) returns void language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  c clock;
  base timestamptz := clock_base(moment);
begin
  for c in select * from clock x where x.num = of_num and (of_rule is null or x.rule = of_rule) and x.next_at is not null order by x.id loop
    c.amount := case when c.working then working_between(base, c.due_at) else greatest(extract(epoch from c.due_at - base) * 1000, 0)::int8 end;
    c.paused_at := moment; c.next_at := null;
    if c.near_fired_at <> c.started_at then
      c.near_fired_at := null;
      perform alert_settle(c.id, moment, '时限已暂停');
    end if;
    perform clock_keep(c);
  end loop;
end $$;

create or replace function clock_resume(of_num int8, of_rule text, moment timestamptz) returns void language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  c clock;
begin
  for c in select * from clock x where x.num = of_num and (of_rule is null or x.rule = of_rule) and x.stopped_at is null and x.paused_at is not null loop
    c.paused_at := null; c.from_at := clock_base(moment); c.wall_at := clock_timestamp();
    perform clock_keep(clock_worked_out(c));
  end loop;
end $$;

-- The clocks of a record belong to whom it says now: part of record_store.
create or replace function clock_owners(after jsonb) returns void language plpgsql as $$
begin
  update clock c set owner = (after ->> r.owner_field)::int4
  from clock_rule r
  where c.num = (after ->> 'num')::int8 and c.stopped_at is null and r.type = c.type and r.rule = c.rule and r.started_on = c.rule_since
    and c.owner is distinct from (after ->> r.owner_field)::int4 and after ->> r.owner_field is not null;
end $$;

-- Alerts of what was near or due, if the clock's rule says so.
create or replace function clock_alert(c clock, rule text, what text, request uuid, moment timestamptz) returns void language plpgsql as $$
begin
  if rule is not null then
    perform alert_auto(c.num, rule, what, request, 1, moment, c.id);
  end if;
end $$;

-- Tells again of a clock whose stopping was taken back (clock_again) what it had told: that was over when it stopped.
create or replace function clock_alert_again(of_id int8, request uuid, moment timestamptz) returns void language plpgsql as $$
declare
  c clock := (select x from clock x where x.id = of_id);
  r clock_rule := (select x from clock_rule x where x.type = c.type and x.rule = c.rule and x.started_on = c.rule_since);
begin
  if c.fired_at is not null then
    perform clock_alert(c, r.due_alert, r.name, request, moment);
  elsif c.near_fired_at <> c.started_at and c.paused_at is null and c.due_at > clock_timestamp() then
    perform clock_alert(c, r.near_alert, r.name, request, moment);
  end if;
end $$;

-- Carries out what a clock is for: it is near, or due. The clock is marked first, for what follows may start it anew.
create or replace function clock_fire(c clock, wall timestamptz, moment timestamptz) returns void language plpgsql as $$
declare
  r clock_rule;
  is_due bool := c.due_at <= wall;
  said jsonb := jsonb_build_object('clock', c.rule, 'clock_due', moment_text(c.due_at));
  request uuid := md5('clock ' || c.id || case when c.due_at <= wall then ' due' else ' near ' || extract(epoch from c.from_at) end)::uuid;  -- near: once a resumption
  reacted bool;
begin
  select * into strict r from clock_rule x where x.type = c.type and x.rule = c.rule and x.started_on = c.rule_since;
  if is_due then
    c.fired_at := moment;
  else
    c.near_fired_at := moment;
  end if;
  perform clock_keep(clock_worked_out(c));
  if (case when is_due then r.on_due else r.on_near end) is null then
    reacted := (record_tell(c.num, case when is_due then 'deadline_breached' else 'deadline_near' end, said, moment, request, null, r.name)).kind is not null;
  else
    reacted := record_react(c.num, case when is_due then r.on_due else r.on_near end, said, moment, request, r.name);
  end if;
  if reacted then
    perform clock_alert(c, case when is_due then r.due_alert else r.near_alert end, r.name, request, moment);
  end if;
  if is_due and reacted and r.next_rule is not null then
    perform clock_start(c.num, r.next_rule, moment);
  elsif is_due and not reacted then  -- what it waited for has come, or matters no longer: it is not overdue
    perform clock_stop(c.num, c.rule, moment);
  end if;
end $$;

-- When something is to be done next. From the end of the index: a comparison with an unknown moment would be planned as a scan of all clocks.
create or replace function clock_earliest() returns timestamptz stable language plpgsql as $$
begin
  return (select c.next_at from clock c where c.next_at is not null order by c.next_at, c.id limit 1);
end $$;

-- One look at the clocks, by each node once a second and again at once while there is more to do: fires those that are due, in their order, `most`
-- at a time and for no longer than 100 ms: a day's deadlines are due at one moment, and reports wait for the pen meanwhile (2026-11: 800 that raise
-- an alert each, p99 of a report 112 ms; with 500 ms it was 516). The pen is taken only where one is due. With one plan for each statement, as the
-- writer: made anew for each clock they took half of its time. A clock whose reaction fails is put off, and told of, and keeps no other waiting.
--
-- expected_ms: what the database's clock should say by the node's own, which nobody sets: what it said at the last look and the time
-- since; at its first look the node's clock of the day. If it says much more, this look does nothing: the node compares with its clock
-- after the answer, so that a look that waited long passes for no leap, and the next look brings what is left as leap_ms, negative
-- where the clock was set back.
--
-- undelivered, unacked: alerts that have come to no terminal of an office in time, and those that nobody acknowledged after the last step either, for
-- the log: their numbers and the offices' codes.
--
-- A leap ahead is not believed at once (somebody set the clock of the database's machine to next year, and everything would be overdue):
-- no clock is due until it has stood for clock_guard.still_seconds, an administrator says that it is right (trust_time), or it is taken back.
drop function if exists clocks_due(int8, int8, int4);
create or replace function clocks_due(expected_ms int8, leap_ms int8, most int4, out now_ms int8, out fired int4, out next_ms int4, out held_ms int8,
    out jump_ms int8, out failed text, out undelivered text, out unacked text)
  language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  wall timestamptz := date_trunc('milliseconds', clock_timestamp());
  guard clock_guard;
  which int8;
  c clock;
  moment timestamptz;
  held timestamptz;  -- since when the pen is
begin
  now_ms := extract(epoch from wall) * 1000;
  fired := 0; held_ms := 0;
  if leap_ms < 0 then
    perform clock_set_back(-leap_ms * interval '1 millisecond', wall);
  end if;
  guard := clock_held(leap_ms, now_ms - expected_ms, wall);
  jump_ms := guard.jump_ms;
  if guard.held_until is not null then
    held_ms := extract(epoch from guard.held_until - wall) * 1000;
  elsif now_ms - expected_ms <= guard.jump_seconds * 1000 and clock_earliest() <= wall then
    perform set_config('liandong.office', '', true), set_config('liandong.role', '', true), set_config('liandong.officer', '', true);  -- nobody calls
    perform from feed_head for update;
    held := clock_timestamp();
    moment := (select b.moment from feed_begin() b);
    foreach which in array array(select x.id from clock x where x.next_at <= wall order by x.next_at, x.id limit most) loop
      select * into c from clock x where x.id = which and x.next_at <= wall;
      continue when not found;  -- what came of another has stopped it
      begin
        perform clock_fire(c, wall, moment);
        fired := fired + 1;
        if c.type = 4 then
          undelivered := nullif(concat_ws('; ', undelivered, (alert_unheard(c, moment)).undelivered), '');
          unacked := nullif(concat_ws('; ', unacked, (alert_unheard(c, moment)).unacked), '');
        end if;
      exception when others then
        update clock x set failures = x.failures + 1, next_at = wall + make_interval(secs => least(2 ^ x.failures, 600)) where x.id = c.id;
        failed := concat_ws('; ', failed, format('%s %s: %s', record_no(c.num), c.rule, sqlerrm));
      end;
      exit when clock_timestamp() > held + interval '100 milliseconds';
    end loop;
    perform pg_notify('liandong', '');
  end if;
  next_ms := least(greatest(coalesce(extract(epoch from clock_earliest() - wall) * 1000, 1000), 0), 1000);
end $$;

-- Whether the database's clock is believed: clock_guard as it is now, held_until NULL if it is. since_ms: what it says more than it should
-- since the leap was seen; a leap that is told when the clock was already set right again is none any more.
create or replace function clock_held(leap_ms int8, since_ms int8, wall timestamptz) returns clock_guard language plpgsql as $$
declare
  guard clock_guard;
begin
  select * into strict guard from clock_guard;
  if leap_ms > guard.jump_seconds * 1000 and leap_ms + since_ms > guard.jump_seconds * 1000 then
    update clock_guard g set held_since = coalesce(g.held_since, wall), held_until = wall + make_interval(secs => g.still_seconds), jump_ms = leap_ms returning * into guard;
  elsif guard.held_since > wall or guard.held_until <= wall then
    update clock_guard g set held_since = null, held_until = null, jump_ms = null returning * into guard;
  end if;
  return guard;
end $$;

-- The database's clock was set back. What has fired has fired. What began by the clock that was ahead would be due too late by as much:
-- it counts on from where it stood.
create or replace function clock_set_back(by_much interval, wall timestamptz) returns void language plpgsql as $$
declare
  c clock;
begin
  perform from feed_head for update;
  for c in select * from clock x where x.next_at is not null and x.wall_at > wall loop
    c.from_at := c.from_at - by_much; c.wall_at := least(c.wall_at - by_much, wall);
    perform clock_keep(clock_worked_out(c));
  end loop;
end $$;

grant execute on function clocks_start(int8, text[], timestamptz[]), clock_start(int8, text, timestamptz),
  clock_start_at(int8, text, timestamptz, timestamptz), clock_stop(int8, text, timestamptz), clock_pause(int8, text, timestamptz), clock_resume(int8, text, timestamptz), clocks_due(int8, int8, int4) to liandong_app;

-- The calendar says otherwise than when they began: those that count working days and are not over are worked out again, as clock_worked_out does,
-- but once for all that began on one day and have as many left: one by one, 5,000 of them held the pen for 4 s (2026-11). What has fired has fired.
create or replace function clock_calendar_changed() returns void language plpgsql as $$
begin
  with due as materialized (
    select d.day, d.amount, clock_due(true, d.day::timestamp at time zone 'Asia/Shanghai', d.amount) as at
    from (select distinct (c.from_at at time zone 'Asia/Shanghai')::date as day, c.amount from clock c where c.working and c.next_at is not null) d)
  update clock c set due_at = d.at, near_at = d.at - r.near_seconds * interval '1 second',
    next_at = case when c.near_fired_at is null then least(d.at - r.near_seconds * interval '1 second', d.at) else d.at end, failures = 0
  from due d, clock_rule r
  where c.working and c.next_at is not null and c.due_at <> d.at and (c.from_at at time zone 'Asia/Shanghai')::date = d.day and c.amount = d.amount
    and r.type = c.type and r.rule = c.rule and r.started_on = c.rule_since;
end $$;

-- An administrator says that the database's clock is right.
create or replace function trust_time(request uuid, sent bytea, why text) returns directory_receipt
  security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'trust_time');
  guard clock_guard;
begin
  if done.outcome is not null then
    return done;
  end if;
  select * into strict guard from clock_guard;
  if guard.held_until is null then
    return directory_refusal('TIME_BELIEVED', 'time');
  end if;
  update clock_guard set held_since = null, held_until = null, jump_ms = null;
  return directory_event(request, sent, 'trust_time', md5('time')::uuid, 'time', 1, null, jsonb_build_object('leap_seconds', (guard.jump_ms / 1000)::text), why);
end $$;

-- A span of time in words.
create or replace function span_text(span interval) returns text immutable language sql as $$
  select case when s >= 172800 then s / 86400 || ' 天 ' || s % 86400 / 3600 || ' 小时' when s >= 3600 then s / 3600 || ' 小时 ' || s % 3600 / 60 || ' 分'
    when s >= 60 then s / 60 || ' 分 ' || s % 60 || ' 秒' else s || ' 秒' end
  from (select extract(epoch from greatest(span, -span))::int8 as s) x
$$;

-- As the protocol's message Deadline tells it.
create or replace function clock_record(of_id int8)
  returns table(no text, rule text, name text, state int2, started_at timestamptz, due_at timestamptz, "left" text, office text, office_name text, paused_at timestamptz,
    breached_at timestamptz, stopped_at timestamptz, without_calendar int4[])
  stable language sql as $$
  select record_no(c.num), c.rule, r.name, s.state, c.started_at, c.due_at,
    case s.state when 3 then '超期 ' || span_text(clock_timestamp() - c.due_at) when 1 then '剩余 ' || span_text(c.due_at - clock_timestamp())
      when 2 then '剩余 ' || span_text(c.due_at - clock_timestamp())
      when 4 then '剩余 ' || case when c.working then c.amount || ' 个工作日' else span_text(c.amount * interval '1 millisecond') end end,
    o.code, o.name, c.paused_at, c.fired_at, c.stopped_at, case when c.working then calendar_lacks(c.from_at, c.due_at) end
  from clock c join clock_rule r on r.type = c.type and r.rule = c.rule and r.started_on = c.rule_since join office o on o.id = c.owner
    cross join lateral (select case when c.stopped_at is not null then case when c.stopped_at > c.due_at and c.paused_at is null then 6 else 5 end
      when c.paused_at is not null then 4 when c.fired_at is not null or c.due_at <= clock_timestamp() then 3
      when c.near_at <= clock_timestamp() then 2 else 1 end::int2 as state) s
  where c.id = of_id
$$;

grant execute on function trust_time(uuid, bytea, text) to liandong_app;
