-- Reporting: all reports of one commit group in one execution. What costs once per statement (starting and ending it) is paid once
-- per group: one query reads what all members need, a loop decides and chains, two inserts write.
--
-- Decision 2026-11: left so. CPU of the writer's backend beside this one's (1.00), 64 reports in a group / one report alone:
--   0.88 / 1.09  one query composes all rows, the loop only chains them;
--   1.04 / 1.10  rows inserted straight from the parameters, no arrays of rows;
--   0.89 / 1.33  two steps in one transaction: looked up and judged by one statement, put together by the server, stored by another;
--   0.87 / 0.90  the same if the server decided everything and nothing of it were checked; 0.76 if it made the chain too, which is not its to make.
-- The two-step forms cost the server 1.15 times its own CPU and hold the pen over one more round trip (p50 of one report 1.26). Of some 110 us
-- a report (groups of 32) 32 are two rows and their seven index entries, 20 the look-ups, 8 the chain, 20 a group's share of pen, rules,
-- commit and tail: that is PostgreSQL's work whoever decides.

drop function if exists repeats_in_group(int4, text[], text[], int4[], int4[], int4[]),
  report_incidents(uuid[], bytea[], int4[], int8[], text[], int2[], int2[], int2[], text[], timestamptz[], timestamptz[], text[], float8[],
    float8[], text[], text[], text[], text[], int4[]),
  report_incidents(uuid[], bytea[], int4[], int8[], text[], int2[], int2[], int2[], text[], timestamptz[], timestamptz[], text[], float8[],
    float8[], text[], text[], text[], text[], int4[], bytea[]),
  report_incidents(uuid[], bytea[], int4[], int8[], text[], int2[], int2[], int2[], text[], timestamptz[], timestamptz[], text[], float8[],
    float8[], text[], text[], text[], text[], int4[], bytea[], int8[], int4[]),
  report_incidents(uuid[], bytea[], int4[], int8[], text[], int2[], int2[], int2[], text[], timestamptz[], timestamptz[], text[], float8[],
    float8[], text[], text[], text[], text[], int4[], bytea[], bytea[], bytea[], int8[], int4[]),
  report_incidents(uuid[], bytea[], int4[], int8[], text[], int2[], int2[], int2[], text[], timestamptz[], timestamptz[], text[], float8[],
    float8[], text[], text[], text[], text[], int4[], bytea[], bytea[], bytea[], int8[], int4[], text[]),
  repeats_in_group(int4, bytea[], text[], int4[], int4[], int4[]);

-- How many fresh members before member `n` of a group name the same phone or place: the tables don't show them yet.
create or replace function repeats_in_group(n int4, phones bytea[], places bytea[], offices int4[], made int4[], sees int4[]) returns int4
  immutable language plpgsql as $$
begin
  return (select count(*)
    from unnest(phones[:n - 1], places[:n - 1], offices[:n - 1], made[:n - 1]) as b(phone, place, office, made)
    where b.made > 0 and b.office = any (sees) and (b.phone = phones[n] or b.place = places[n]));
end $$;

-- Answers one row per member, numbered by ord. Called on a connection that plans once and by index (see one_plan in db/link.h).
-- The arrays are of equal length, one element per member. Reporters, phones and places come sealed, so that which are the same is told by
-- phone_indexes and place_indexes. The pen is held. It runs for many callers at once, and so as the owner. What counts as a repeated report is up to the
-- level that every role sees of its own office's records: the count is told to all who see the new record, and must not tell somebody who
-- tries a number that a tip came from it.
--
-- A record whose class starts above what the member's own role sees is open by name to whoever entered it, for the days of entered_rule; a
-- device that acts by itself is nobody (account 0) and can't open again what it entered so: the receipt with the number is all it has.
-- Other records cost one comparison.
create or replace function report_incidents(
    request_ids uuid[], acts bytea[], offices int4[], devices int8[], officers text[],
    sources int2[], classes int2[], levels int2[], external_nos text[], occurred timestamptz[], received timestamptz[],
    places text[], longitudes float8[], latitudes float8[], reporters text[], phones text[], contents text[], threat_lists text[],
    mass_counts int4[], phone_indexes bytea[], place_indexes bytea[], pair_lists bytea[], accounts int8[] default null, roles int4[] default null,
    areas text[] default null)
  returns table(ord int8, outcome text, reason text, field text, id uuid, no text, version int4, state int2, at timestamptz, replay bool, repeated int4)
  language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  turn record := feed_begin();
  several bool := cardinality(request_ids) > 1;
  made int4[] := '{}';  -- by ord: the how manieth fresh one of this group it became; 0: none
  first int4;           -- ord of the request's first turn in this group,
  kept int4[] := '{}';  -- and by that: the same as made, of whichever turn was not refused
  n int4 := 0;
  m record;
  me office;
  past feed;
  event feed;
  events feed[] := '{}';
  incidents incident[] := '{}';
  hash bytea := turn.hash;
  class int2;
  level int2;
  source int2;
  place text;
  threats int2[];
  received_at timestamptz;
  repeats int4;
  area int4;
  counted int4[] := '{}';  -- by member: 1 where later ones count it
  open_to_all int2 := (select min(r.sensitivity_most) from right_rule r
    where r.relation = 'OWN' and r.started_on <= today() and (r.ended_on is null or r.ended_on > today()));
  worth int2[] := '{}';  -- by class: its sensitivity, where that is not 1
  opened record_access[] := '{}';
  grave_classes int2[];
  grave_levels int2[];
  grave int4[] := '{}';  -- which of the fresh ones raise an alert
begin
  select array_agg(a.class), array_agg(a.level) into grave_classes, grave_levels from alert_incident a
  where a.started_on <= today() and (a.ended_on is null or a.ended_on > today());
  for m in select c.class, c.sensitivity from class_sensitivity c
           where c.started_on <= today() and (c.ended_on is null or c.ended_on > today()) order by c.started_on loop
    worth[m.class] := m.sensitivity;
  end loop;
  for m in
    -- repeats: reports of the same phone or place that the office sees, in the days before. known is no EXISTS: that might be
    -- planned, while the feed is small, as a hash of all of it, which each later group would build anew.
    select u.ord, o as office,
      (select true from feed f where f.request_id = u.request_id) as known,
      (select count(*) from (select from incident i
         where i.phone_index = u.phone and i.received_at > coalesce(u.received_at, turn.moment) - turn.repeat_span
           and i.received_at <= coalesce(u.received_at, turn.moment) and i.origin = any (o.sees)
           and i.sensitivity <= open_to_all limit turn.repeat_most) a)
      + (select count(*) from (select from incident i
         where i.place_index = u.place and i.received_at > coalesce(u.received_at, turn.moment) - turn.repeat_span
           and i.received_at <= coalesce(u.received_at, turn.moment) and i.origin = any (o.sees) and i.sensitivity <= open_to_all
           and (u.phone is null or i.phone_index is distinct from u.phone) limit turn.repeat_most) b) as repeats
    from unnest(request_ids, offices, phone_indexes, place_indexes, received) with ordinality as u(request_id, office, phone, place, received_at, ord)
      left join office o on o.id = u.office
    order by u.ord
  loop
    ord := m.ord;
    me := m.office;
    made[ord] := 0;
    counted[ord] := 0;
    outcome := 'refused'; reason := null; field := null; id := null; no := null; version := null; state := null; at := null; replay := null; repeated := null;

    past := null;
    if m.known then
      select * into past from feed f where f.request_id = request_ids[ord];
    elsif several then  -- the same request may stand in one group twice
      first := array_position(request_ids, request_ids[ord]);
      if kept[first] > 0 then
        past := events[kept[first]];
      end if;
    end if;
    if past.seq is not null then
      if past.kind = 'report_incident' and past.actor = me.id and same_act(past.act, acts[ord]) then
        outcome := 'replay';
        id := past.entity; no := past.no; version := past.version; state := past.state; at := past.at; replay := true; repeated := nullif(past.repeat_count, 1);
      else
        reason := 'KEY_REUSED';
        field := 'request_id';
      end if;
      return next;
      continue;
    end if;

    class := classes[ord];
    received_at := coalesce(received[ord], turn.moment);
    area := case when areas[ord] <> '' then area_named(areas[ord], me.id) end;
    if me.id is null then
      reason := 'NOT_YOURS';
    elsif class is null or class = 0 then
      reason := 'REQUIRED'; field := 'class';
    elsif contents[ord] is null or char_length(btrim(contents[ord])) < 2 then
      reason := case when coalesce(btrim(contents[ord]), '') = '' then 'REQUIRED' else 'TOO_SHORT' end; field := 'content';
    elsif received_at > turn.latest then
      reason := 'IN_FUTURE'; field := 'received_at';
    elsif occurred[ord] > turn.latest then
      reason := 'IN_FUTURE'; field := 'occurred_at';
    elsif areas[ord] <> '' and area is null then
      reason := 'BAD_AREA'; field := 'area';
    end if;
    if reason is not null then
      return next;
      continue;
    end if;

    n := n + 1;
    made[ord] := n;
    if several then
      kept[first] := n;
    end if;
    level := coalesce(nullif(levels[ord], 0), 3);
    source := coalesce(nullif(sources[ord], 0), case me.system when 1 then 1 when 2 then 6 else 7 end);
    place := nullif(places[ord], '');
    threats := nullif(threat_lists[ord], '{}');
    repeats := 1 + m.repeats;
    if several and (array_position(phone_indexes, phone_indexes[ord]) < ord or array_position(place_indexes, place_indexes[ord]) < ord) then
      repeats := repeats + repeats_in_group(ord::int4, phone_indexes, place_indexes, offices, counted, me.sees);
    end if;
    counted[ord] := (coalesce(worth[class], 1) <= open_to_all)::int4;
    outcome := 'done';
    id := request_ids[ord]; no := incident_no(turn.base + n); version := 1; state := 1; at := turn.moment; replay := false; repeated := nullif(repeats, 1);
    event := row(turn.seq + n, at, 'report_incident', id, no, version, state, class, level, me.code, me.name, officers[ord],
      incident_title(place, contents[ord]), null, null, null, null, threats, repeats, acts[ord], audience_with(me.audience, area), null, turn.base + n, me.id,
      me.id, devices[ord], id)::feed;
    hash := feed_hash(hash, event);
    event.hash := hash;
    events[n] := event;
    if worth[class] > 1 and accounts[ord] <> 0 and coalesce(right_most(roles[ord]::int2, 'OWN') < worth[class], true) then
      opened := opened || row(id, accounts[ord], at,
        at + make_interval(days => (select r.days from entered_rule r where r.since <= today() order by r.since desc limit 1)),
        officers[ord], '登记人', false, false)::record_access;
    end if;
    if class = any (grave_classes) or level = any (grave_levels) then
      grave := grave || n;
    end if;
    incidents[n] := row(turn.base + n, id, version, state, source, class, level, external_nos[ord], occurred[ord], received_at,
      null, null, null, null, place, longitudes[ord], latitudes[ord], nullif(reporters[ord], ''), nullif(phones[ord], ''), contents[ord], threats,
      mass_counts[ord], null, null, null, me.id, officers[ord], at, officers[ord], at, null, repeats, array[turn.seq + n],
      coalesce(worth[class], 1), phone_indexes[ord], place_indexes[ord], pair_lists[ord], area)::incident;
    return next;
  end loop;
  if n > 0 then
    insert into incident select * from unnest(incidents);
    insert into feed select * from unnest(events);
    if opened <> '{}' then
      insert into record_access select * from unnest(opened);
    end if;
    update feed_head h set seq = turn.seq + n, hash = event.hash, at = turn.moment, number = h.number + n;
    foreach n in array grave loop
      perform alert_report(incidents[n].num, incidents[n].class, incidents[n].level, incidents[n].id, turn.moment);
    end loop;
  end if;
end $$;

grant execute on function repeats_in_group(int4, bytea[], bytea[], int4[], int4[], int4[]),
  report_incidents(uuid[], bytea[], int4[], int8[], text[], int2[], int2[], int2[], text[], timestamptz[], timestamptz[], text[], float8[],
    float8[], text[], text[], text[], text[], int4[], bytea[], bytea[], bytea[], int8[], int4[], text[]) to liandong_app;
