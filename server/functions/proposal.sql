-- Repeated alarms (反复报警) propose a dispute to both offices, and an alarm close to a dispute is told to both as a suspected duplicate.
--
-- Decision 2026-11: behind the reports, as the search index is, and not with them: a report holds the pen some 0.1 ms, a proposal with its
-- links, events and alert some 50, and where a town is upset each report would be one. A cursor over the numbers, moved in the transaction that
-- writes what came of them, makes each incident count exactly once, whichever process dies; many wait their turn, the reports do not.

-- As proposal_class holds today.
create or replace function proposal_classes() returns int2[] stable language plpgsql as $$
begin
  return coalesce((select array_agg(c.class) from proposal_class c where c.started_on <= today() and (c.ended_on is null or c.ended_on > today())), '{}');
end $$;
create or replace function proposal_span() returns interval stable language plpgsql as $$
begin
  return (select make_interval(days => max(r.days)) from proposal_rule r where r.started_on <= today() and (r.ended_on is null or r.ended_on > today()));
end $$;
create or replace function suspect_span() returns interval stable language plpgsql as $$
begin
  return (select make_interval(mins => r.minutes) from suspect_rule r where r.started_on <= today() order by r.started_on desc limit 1);
end $$;

-- The alarms of one phone or place before and with `i`, of offices whose records its own office sees. Of those that not every role sees only
-- `i` itself counts: see report_incidents.
create or replace function alarms_before(i incident) returns int8[] stable language plpgsql as $$
declare
  seen int4[] := (select o.sees || o.id from office o where o.id = i.origin);
  classes int2[] := proposal_classes();
  since timestamptz := i.received_at - proposal_span();
begin
  return array(select a.num from (
      select x.num, x.received_at from incident x
      where x.phone_index = i.phone_index and x.received_at > since and x.received_at <= i.received_at and x.origin = any (seen) and x.class = any (classes)
        and x.state <> 7 and (x.sensitivity <= 1 or x.num = i.num)
      union
      select x.num, x.received_at from incident x
      where x.place_index = i.place_index and x.received_at > since and x.received_at <= i.received_at and x.origin = any (seen) and x.class = any (classes)
        and x.state <> 7 and (x.sensitivity <= 1 or x.num = i.num)
      union select i.num, i.received_at) a
    order by a.received_at desc, a.num desc limit 20);
end $$;

-- The gravest colour that these alarms make as of the time of `i`; NULL: none. Green is the least, yet its number is the greatest.
create or replace function alarms_colour(i incident, alarms int8[]) returns int2 stable language sql as $$
  select r.warning from proposal_rule r
  where r.started_on <= today() and (r.ended_on is null or r.ended_on > today())
    and (select count(*) >= r.count and (r.threat is null or coalesce(bool_or(r.threat = any (x.threats)), false))
         from incident x where x.num = any (alarms) and x.received_at > i.received_at - make_interval(days => r.days) and x.received_at <= i.received_at)
  order by r.warning % 5 desc limit 1
$$;

-- The dispute that an alarm belongs to: of those that the alarms are linked to, or in which its phone is a party's, or (`at_place`) that were
-- registered at its place, the newest open one, else the newest that was closed. Merged ones stand for what they were merged into.
create or replace function alarm_dispute(i incident, alarms int8[], at_place bool) returns int8 stable language sql as $$
  select d.num
  from (select l.dispute as num from record_link l where l.incident = any (alarms) and l.undone_at is null
        union select p.dispute from party p where p.phone_index = i.phone_index and p.removed_at is null
        union select x.num from dispute x where at_place and x.place_index = i.place_index and x.created_at > i.received_at - proposal_span()) c
    join dispute d on d.num = dispute_root(c.num)
  where d.state not in (4, 23, 24) and d.origin = any ((select o.sees || o.id from office o where o.id = i.origin)::int4[])
  order by d.state in (20, 21), d.num desc limit 1
$$;
create or replace function dispute_root(of_num int8) returns int8 stable language sql as $$
  with recursive up as (select d.num, d.merged_into from dispute d where d.num = of_num union select d.num, d.merged_into from up join dispute d on d.num = up.merged_into)
  select u.num from up u where u.merged_into is null
$$;

-- A dispute that the system registers of alarms, at the office that entered the last one. Its place is not told (a sealed one is bound to its
-- record), but it is found by it.
create or replace function dispute_propose(i incident, colour int2, moment timestamptz) returns int8 language plpgsql as $$
declare
  after jsonb;
  event feed;
begin
  select p.patch into after from record_prepare(2::int2, 'open_dispute', null, jsonb_build_object('type', 19, 'source', 11, 'warning', colour, 'place_index', i.place_index,
    'place_pairs', i.place_pairs, 'title', (select c.title from proposal_class c where c.class = i.class and c.started_on <= today() order by c.started_on desc limit 1)), moment) p;
  after := record_columns(2::int2, after) || jsonb_build_object('num', record_number(2::int2, moment), 'id', record_derived(i.id, 100), 'version', 1, 'state', 1, 'origin', i.origin,
    'created_by', '系统', 'created_at', moment, 'updated_by', '系统', 'updated_at', moment, 'events', array[(select h.seq + 1 from feed_head h)],
    'sensitivity', greatest(i.sensitivity, 1::int2), 'area', i.area);
  event := record_event(after, 'propose_dispute', moment, record_derived(i.id, 100), null, null);
  select d.changed, d.old_values, d.new_values into event.changed, event.old_values, event.new_values from record_difference(2::int2, '{}', after) d;
  perform record_store(after, event);
  perform record_follow(2::int2, 'open_dispute', null, after, after, event);
  return event.num;
end $$;
-- What comes of one alarm. The pen is held.
create or replace function proposal_consider(i incident, moment timestamptz) returns void language plpgsql as $$
declare
  alarms int8[] := alarms_before(i);
  colour int2 := alarms_colour(i, alarms);
  target int8 := alarm_dispute(i, alarms, colour is not null);
  d dispute;
  n int4 := 200;
  alarm int8;
begin
  if target is not null then
    alarms := alarms || array(select l.incident from record_link l where l.dispute = any (dispute_family(target)) and l.incident is not null and l.undone_at is null);
    colour := alarms_colour(i, alarms);
    select * into d from dispute x where x.num = target;
    if d.state in (20, 21) and not record_react(target, 'reopen_dispute', jsonb_build_object('linked', incident_no(i.num)), moment, record_derived(i.id, 101), '同一地点、电话或当事人再次报警') then
      target := null;  -- it may not be taken up again: a new one, where the rule says so
    end if;
  end if;
  if target is null then
    if colour is null then
      perform suspects_tell(i, moment);
      return;
    end if;
    target := dispute_propose(i, colour, moment);
    alarms := alarms_before(i);
  end if;
  -- By number: the oldest first. Those of before were left to whoever unlinked them.
  foreach alarm in array (case when d.num is distinct from target then array(select a from unnest(alarms) a order by a) else array[i.num] end) loop
    if not exists (select from record_link l where l.incident = alarm and l.dispute = any (dispute_family(target)) and l.undone_at is null) then
      n := n + 1;
      perform record_react(target, 'link_incident', jsonb_build_object('incident', incident_no(alarm)), moment, record_derived(i.id, n), null);
    end if;
  end loop;
  if colour % 5 > (select x.warning % 5 from dispute x where x.num = target) then
    perform record_react(target, 'warn_dispute', jsonb_build_object('warning', colour), moment, record_derived(i.id, 102), '反复报警');
  end if;
  perform alert_auto(target, 'REPEAT_ALARM', (select x.title from dispute x where x.num = target), record_derived(i.id, 103), 1, moment);
end $$;

-- Open disputes of the other side that were registered at an alarm's place not long before or after it, and are not linked to it: both offices
-- hear of each pair once.
create or replace function suspects_tell(i incident, moment timestamptz) returns void language plpgsql as $$
declare
  target int8;
begin
  for target in
    select d.num from dispute d join office theirs on theirs.id = d.origin join office ours on ours.id = i.origin
    where d.place_index = i.place_index and d.state not in (4, 20, 21, 23, 24) and theirs.system <> ours.system and d.origin = any (ours.sees)
      and d.created_at between i.received_at - suspect_span() and i.received_at + suspect_span() and d.sensitivity <= 1 and i.sensitivity <= 1
      and not exists (select from record_link l where l.incident = i.num and l.dispute = d.num)
    order by d.num desc limit 10
  loop
    perform suspect_tell(target, i, moment);
  end loop;
end $$;
create or replace function suspect_tell(target int8, i incident, moment timestamptz) returns void language plpgsql as $$
declare
  request uuid := record_derived(record_derived(i.id, 104), (target % 1000000000)::int4);
begin
  if not exists (select from feed f where f.request_id = request)
     and record_react(target, 'suspect_duplicate', jsonb_build_object('linked', incident_no(i.num)), moment, request, null) then
    perform alert_auto(target, 'DUP_SUSPECT', (select d.title from dispute d where d.num = target), request, 1, moment);
  end if;
end $$;

-- A dispute that was just opened: alarms of the other side at its place.
create or replace function dispute_meets(of_num int8, moment timestamptz) returns void language plpgsql security definer
  set search_path = liandong, pg_catalog, pg_temp as $$
declare
  i incident;
begin
  for i in
    select x.* from dispute d join office ours on ours.id = d.origin join incident x on x.place_index = d.place_index join office theirs on theirs.id = x.origin
    where d.num = of_num and d.sensitivity <= 1 and x.sensitivity <= 1 and theirs.system <> ours.system and x.origin = any (ours.sees) and x.state <> 7
      and x.received_at > d.created_at - suspect_span() and x.class = any (proposal_classes())
    order by x.received_at desc limit 3
  loop
    perform suspect_tell(of_num, i, moment);
  end loop;
end $$;

-- Looks at up to `most` further incidents, the oldest first, and writes what comes of at most `rare` of them; says how many it looked at. One
-- process at a time: the others get 0. The pen is taken only where there is something to write.
create or replace function proposal_catch_up(most int4, rare int4) returns int4 language plpgsql security definer
  set search_path = liandong, pg_catalog, pg_temp as $$
declare
  began int8 := (select h.done from proposal_head h);
  last int8;
  looked int4;
  classes int2[] := proposal_classes();
  span interval := proposal_span();
  found_nums int8[];
  turn record;
  i incident;
begin
  if not exists (select from incident x where x.num > began) or not pg_try_advisory_xact_lock(hashtext('liandong.proposal')) then
    return 0;
  end if;
  began := (select h.done from proposal_head h);
  select count(*), max(b.num), array_agg(b.num order by b.num) filter (where b.class = any (classes) and b.state <> 7 and (
      exists (select from incident x where x.phone_index = b.phone_index and x.num <> b.num and x.received_at > b.received_at - span)
      or exists (select from incident x where x.place_index = b.place_index and x.num <> b.num and x.received_at > b.received_at - span)
      or exists (select from dispute d where d.place_index = b.place_index)
      or exists (select from party p where p.phone_index = b.phone_index)))
    into looked, last, found_nums
  from (select x.* from incident x where x.num > began order by x.num limit most) b;
  if cardinality(found_nums) > rare then
    last := found_nums[rare];
    found_nums := found_nums[:rare];
  end if;
  if found_nums is not null then
    perform from feed_head for update;
    perform set_config('synchronous_commit', 'on', true), set_config('liandong.office', '', true);  -- nobody's: the system does it
    for i in select x.* from incident x where x.num = any (found_nums) order by x.num loop
      turn := feed_begin();
      begin
        perform proposal_consider(i, turn.moment);
      exception when others then  -- one that goes wrong must not stand in the way of all after it
        raise warning 'no proposal of %: %', incident_no(i.num), sqlerrm;
      end;
    end loop;
    perform pg_notify('liandong', '');
  end if;
  if last is not null then
    update proposal_head set done = last;
  end if;
  return coalesce(looked, 0);
end $$;
grant execute on function dispute_meets(int8, timestamptz), proposal_catch_up(int4, int4) to liandong_app;
