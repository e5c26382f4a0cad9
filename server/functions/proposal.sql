-- Repeated alarms (反复报警) propose a dispute to both offices, and an alarm close to a dispute is told to both as a suspected duplicate.
--
-- Decision 2026-11: behind the reports, as the search index is, and not with them: a report holds the pen some 0.1 ms, a proposal with its
-- links, events and alert some 10, and where a town is upset each report would be one. A cursor over the numbers, moved in the transaction that
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
create or replace function alarms_colour(i incident, alarms int8[]) returns int2 stable language plpgsql as $$
begin
  return (select r.warning from proposal_rule r
  where r.started_on <= today() and (r.ended_on is null or r.ended_on > today())
    and (select count(*) >= r.count and (r.threat is null or coalesce(bool_or(r.threat = any (x.threats)), false))
         from incident x where x.num = any (alarms) and x.received_at > i.received_at - make_interval(days => r.days) and x.received_at <= i.received_at)
  order by r.warning % 5 desc limit 1);
end $$;

-- The dispute that an alarm belongs to: of those that the alarms are linked to, or in which its phone is a party's, or (`at_place`) that were
-- registered at its place, the newest open one, else the newest that was closed. Merged ones stand for what they were merged into. One that is
-- marked goes before all others, and is its parties' home's as well.
create or replace function alarm_dispute(i incident, alarms int8[], at_place bool) returns int8 stable language plpgsql as $$
declare
  seen int4[] := (select o.sees || o.id from office o where o.id = i.origin);
  marks text[] := dispute_marks();
  counts bool := i.class = any (proposal_classes());
begin
  return (select d.num
  from (select l.dispute as num from record_link l where l.incident = any (alarms) and l.undone_at is null
        union select p.dispute from party p where p.phone_index = i.phone_index and p.removed_at is null
        union select x.num from dispute x where at_place and x.place_index = i.place_index and x.created_at > i.received_at - proposal_span()
        union select m.num from alarm_marked(i, marks) m(num)) c
    join dispute d on d.num = dispute_root(c.num)
  where d.state not in (23, 24) and d.origin = any (seen) and (d.subtype = any (marks) or d.state <> 4 and counts)
  order by coalesce(d.subtype = any (marks), false) desc, d.state in (4, 20, 21), d.num desc limit 1);
end $$;
-- Marked disputes at whose place, at whose parties' home or from whose parties' phone it came. Inlined by the planner.
drop function if exists alarm_marked(incident);
create or replace function alarm_marked(i incident, marks text[]) returns setof int8 stable language sql as $$
  select d.num from dispute d where d.place_index = i.place_index and d.subtype = any (marks)
  union all select d.num from party p join dispute d on d.num = p.dispute
  where p.phone_index = i.phone_index and p.removed_at is null and d.subtype = any (marks)
  union all select d.num from party p join dispute d on d.num = p.dispute
  where p.domicile_index = i.place_index and p.removed_at is null and d.subtype = any (marks)
$$;
create or replace function dispute_root(of_num int8) returns int8 stable language plpgsql as $$
declare
  root int8 := of_num;
  further int8;
begin
  loop
    select d.merged_into into further from dispute d where d.num = root;
    exit when further is null;
    root := further;
  end loop;
  return root;
end $$;

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
-- The dispute that an alarm belongs to, and what colour it makes with those before it and those that are linked there.
create or replace function proposal_weigh(i incident, out target int8, out family int8[], out alarms int8[], out colour int2) stable language plpgsql as $$
begin
  alarms := alarms_before(i);
  colour := alarms_colour(i, alarms);
  target := alarm_dispute(i, alarms, colour is not null);
  if target is not null then
    family := dispute_family(target);
    alarms := alarms || array(select l.incident from record_link l where l.dispute = any (family) and l.incident is not null and l.undone_at is null);
    colour := alarms_colour(i, alarms);
  end if;
end $$;
-- Whether anything comes of it, before the pen is held.
create or replace function proposal_due(i incident) returns bool stable language plpgsql as $$
declare
  w record := proposal_weigh(i);
begin
  return case when w.target is null then w.colour is not null or exists (select from suspects(i))
    else not exists (select from record_link l where l.incident = i.num and l.dispute = any (w.family) and l.undone_at is null)
      or w.colour % 5 > (select d.warning % 5 from dispute d where d.num = w.target) end;
end $$;
-- What comes of one alarm. The pen is held.
create or replace function proposal_consider(i incident, moment timestamptz) returns void language plpgsql as $$
declare
  target int8;
  alarms int8[];
  colour int2;
  family int8[];
  d dispute;
  n int4 := 200;
  alarm int8;
begin
  select * into target, family, alarms, colour from proposal_weigh(i);
  if target is not null then
    select * into d from dispute x where x.num = target;
    if d.state in (4, 20, 21) and not record_react(target, 'reopen_dispute', jsonb_build_object('linked', incident_no(i.num)), moment,
        record_derived(i.id, 101), '同一地点、电话或当事人再次报警') then
      target := null;  -- it may not be taken up again: a new one, where the rule says so
    end if;
  end if;
  if target is null then
    if colour is null then
      perform suspects_tell(i, moment);
      return;
    end if;
    target := dispute_propose(i, colour, moment);
    family := array[target];
    alarms := alarms_before(i);
  end if;
  -- By number: the oldest first. Those of before were left to whoever unlinked them.
  foreach alarm in array (case when d.num is distinct from target then array(select a from unnest(alarms) a order by a) else array[i.num] end) loop
    if not exists (select from record_link l where l.incident = alarm and l.dispute = any (family) and l.undone_at is null) then
      n := n + 1;
      perform record_react(target, 'link_incident', jsonb_build_object('incident', incident_no(alarm)), moment, record_derived(i.id, n), null);
    end if;
  end loop;
  select * into strict d from dispute x where x.num = target;
  if colour % 5 > d.warning % 5 then
    perform record_react(target, 'warn_dispute', jsonb_build_object('warning', colour), moment, record_derived(i.id, 102), '反复报警');
  end if;
  if dispute_mark_of(d.subtype) is null then  -- what is marked has said more already
    perform alert_auto(target, 'REPEAT_ALARM', null, record_derived(i.id, 103), 1, moment, null,
      format('%s：第 %s 次报警', incident_no(i.num), coalesce(i.repeat_count, 1)));
  end if;
end $$;

-- Open disputes of the other side that were registered at an alarm's place not long before or after it, and are not linked to it: both offices
-- hear of each pair once.
create or replace function suspects(i incident) returns setof int8 stable language sql as $$
  select d.num from dispute d join office theirs on theirs.id = d.origin join office ours on ours.id = i.origin
  where d.place_index = i.place_index and d.state not in (4, 20, 21, 23, 24) and theirs.system <> ours.system and d.origin = any (ours.sees)
    and d.created_at between i.received_at - suspect_span() and i.received_at + suspect_span() and d.sensitivity <= 1 and i.sensitivity <= 1
    and not exists (select from record_link l where l.incident = i.num and l.dispute = d.num)
  order by d.num desc limit 10
$$;
create or replace function suspects_tell(i incident, moment timestamptz) returns void language sql as $$
  select suspect_tell(s, i, moment) from suspects(i) s
$$;
create or replace function suspect_tell(target int8, i incident, moment timestamptz) returns void language plpgsql as $$
declare
  request uuid := record_derived(record_derived(i.id, 104), (target % 1000000000)::int4);
begin
  if not exists (select from feed f where f.request_id = request)
     and record_react(target, 'suspect_duplicate', jsonb_build_object('linked', incident_no(i.num)), moment, request, null) then
    perform alert_auto(target, 'DUP_SUSPECT', incident_no(i.num), request, 1, moment, null,
      format('可能与 %s 是同一件事：地点相同、时间相近', incident_no(i.num)));
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

-- The first of up to `most` further incidents of which something comes; last: the one up to which nothing else does. Nothing is written and the
-- pen is not held. Cheap questions first, all in one statement: most alarms are the only ones of their phone and place. Each is looked at for
-- 7 us of a core (44 one by one; measured 2026-11). Where an EXISTS might be planned as a hash of the whole table it is none.
create or replace function proposal_look(began int8, most int4, out looked int4, out last int8, out hit int8) language plpgsql as $$
declare
  classes int2[] := proposal_classes();
  marks text[] := dispute_marks();
  span interval := proposal_span();
  i incident;
begin
  select count(*), max(n.num) into looked, last from (select x.num from incident x where x.num > began order by x.num limit most) n;
  for i in
    select x.* from incident x
    where x.num > began and x.num <= last and x.state <> 7 and (x.class = any (classes) and (
          exists (select from incident o where o.phone_index = x.phone_index and o.num <> x.num and o.received_at > x.received_at - span)
          or exists (select from incident o where o.place_index = x.place_index and o.num <> x.num and o.received_at > x.received_at - span)
          or (select true from dispute d where d.place_index = x.place_index limit 1)
          or (select true from party p where p.phone_index = x.phone_index limit 1))
        or exists (select from alarm_marked(x, marks)))
    order by x.num
  loop
    if proposal_due(i) then
      last := i.num;
      hit := i.num;
      looked := (select count(*) from incident x where x.num > began and x.num <= i.num);
      return;
    end if;
  end loop;
end $$;

-- Looks at up to `most` further incidents and writes what comes of the first of which something does: one at a time, so that reports wait for no
-- more than that. One process at a time: the others get 0. What goes wrong keeps nothing else waiting: it is put off, and told of, and tried again.
drop function if exists proposal_catch_up(int4, int4);
create or replace function proposal_catch_up(most int4, out looked int4, out failed text) language plpgsql security definer
  set search_path = liandong, pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  upto int8;
  again int8 := (select f.incident from proposal_failed f where f.retry_at <= clock_timestamp() order by f.retry_at limit 1);
  target int8;
  i incident;
begin
  looked := 0;
  -- The newest by the index: whether any number is greater is asked of the whole table from its beginning on.
  if again is null and coalesce((select max(x.num) from incident x) <= (select h.done from proposal_head h), true) or not pg_try_advisory_xact_lock(hashtext('liandong.proposal')) then
    return;
  end if;
  if again is null then
    select l.looked, l.last, l.hit into looked, upto, target from proposal_look((select h.done from proposal_head h), most) l;
  else
    looked := 1;
    target := again;
  end if;
  if target is not null then
    perform from feed_head for update;
    perform set_config('synchronous_commit', 'on', true), set_config('liandong.office', '', true);  -- nobody's: the system does it
    select * into strict i from incident x where x.num = target;
    begin
      perform proposal_consider(i, (select b.moment from feed_begin() b));
      delete from proposal_failed f where f.incident = target;
    exception when others then
      insert into proposal_failed as f(incident, failures, retry_at, why) values (target, 1, clock_timestamp() + interval '10 seconds', sqlerrm)
      on conflict (incident) do update set failures = f.failures + 1, why = excluded.why,
        retry_at = clock_timestamp() + make_interval(secs => least(10 * 2 ^ f.failures, 3600));
      failed := format('%s: %s', incident_no(target), sqlerrm);
    end;
    perform pg_notify('liandong', '');
  end if;
  if upto is not null then
    update proposal_head set done = upto;
  end if;
end $$;
grant execute on function dispute_meets(int8, timestamptz), proposal_catch_up(int4) to liandong_app;
