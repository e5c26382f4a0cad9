-- Who asks, and what they see of what others enter: THE predicate of need-to-know.
--
-- Deny by default. A record is seen by role AND level AND relation: right_rule says up to which level a role sees what its own office,
-- one paired with it today, or one below it entered, and what happened in an area that is assigned to it (area.sql);
-- beyond that a record is seen only by whom it was opened to by name. Purpose: a
-- request's verb names it, requests.c says which roles may ask it, and what needs more says why (reason).
--
-- Decision 2026-11: the predicate stands once, as the policy of forced row-level security of incident, incident_search and feed
-- (migrations/0014_rights.sql), so that a statement that forgets it shows nothing too much. What it depends on is found from the
-- caller alone (office, role, account, as the directory stands today), once per statement: an initplan, carried out only for the levels
-- that turn up, that reads one row of right_seen. So each row costs a look into an array, some 0.4 us; a function called for each row
-- cost 57 us, and working the offices out in each statement made show_incident three times slower. show, list, history, pages of the
-- feed, snapshots and what every write names run under it as they are. Past it are, all owned by the role that migrates:
--   * functions that are for nobody's eyes or for many callers at once (security definer): report_incidents, incident_store,
--     feed_past, feed_append, search_catch_up, feed_verify … The runtime role itself may write none of these tables;
--   * incident_search_page: operators on arrays and words are not leakproof, so that under a policy no index could be used for them.
--     It applies the same predicate itself;
--   * the view feed_told for the feed's ring, whose events are checked at each delivery (server/feed/rights.h). A function that returns
--     the rows took as long (18 ms for 1,000 events, both); a setting that opens the policy would be one more thing to forget to close.
-- What this does not keep from whoever has the server's own role and types SQL: it can set any caller (liandong.*), and the views feed_told (with event_named),
-- record_events, record_named and record_sensitive show it every event and level. They are the ring's, which must read all to sort it out;
-- an own role for its connection would close them to the other connections, but not to who took the server over, who has both. Decision
-- 2026-11: left so; sealed fields stay sealed there, for their key is not in the database. See withheld.sql for functions.
-- The relation AREA is one number more in the same overlap (record_marks); how lists and backlogs of an area are read stands in area.sql.
-- Measured side by side with the state before (20,000 records, an otherwise busy machine, so read the ratios): report_incidents of 64 1.02,
-- of one 1.10, a change 1.12, show 1.2, a list of 50 1.2, search 1.1, the ring's pull 1.0, a page of 500 events 1.2: 0.5 to 1 us an event,
-- the look whether its record is S1.

-- The caller, as the server set it for this transaction from the certificate. Absent: nobody, who sees nothing.
create or replace function caller_office() returns int4 stable parallel safe language sql as $$
  select nullif(current_setting('liandong.office', true), '')::int4
$$;

create or replace function caller_device() returns int8 stable parallel safe language sql as $$
  select nullif(current_setting('liandong.device', true), '')::int8
$$;

create or replace function caller_officer() returns text stable parallel safe language sql as $$
  select nullif(current_setting('liandong.officer', true), '')
$$;

-- 0: nobody logged in.
create or replace function caller_account() returns int8 stable parallel safe language sql as $$
  select coalesce(nullif(current_setting('liandong.account', true), '')::int8, 0)
$$;

create or replace function caller_login() returns uuid stable parallel safe language sql as $$
  select nullif(current_setting('liandong.login', true), '')::uuid
$$;

create or replace function caller_role() returns int2 stable parallel safe language sql as $$
  select nullif(current_setting('liandong.role', true), '')::int2
$$;

-- Whose entries an office is told of at all, in whatever role. In plpgsql, as all small functions here that read a table: such a
-- function's plan is kept for the session, whereas one in SQL is planned again by every statement that calls it (some 500 us), unless
-- it is a single expression, which the planner inlines.
create or replace function sees(reader int4) returns int4[] stable parallel safe language plpgsql as $$
begin
  return (select o.sees from office o where o.id = reader);
end $$;

-- The relation of an office to those whose entries it is told of: of a bureau they are below it, of any other paired with it.
create or replace function relation_of(reader office, origin int4) returns text immutable parallel safe language sql as $$
  select case when origin = reader.id then 'OWN' when origin = any (reader.sees) then case reader.kind when 'bureau' then 'ABOVE' else 'PAIRED' end end
$$;

-- Up to which level a role sees today, per relation; NULL: nothing.
create or replace function right_most(for_role int2, for_relation text) returns int2 stable parallel safe language plpgsql as $$
begin
  return (select r.sensitivity_most from right_rule r
    where r.role = for_role and r.relation = for_relation and r.started_on <= today() and (r.ended_on is null or r.ended_on > today())
    order by r.started_on desc limit 1);
end $$;

-- What a record is known by: its number, its origin and its area, the latter two with its level. The caller sees it who has one of them;
-- see right_seen. Inlined by the planner.
create or replace function record_marks(num int8, origin int4, sensitivity int2, area int4) returns int8[] immutable parallel safe language sql as $$
  select array[num, origin::int8 * 8 + sensitivity, -(area::int8 * 8 + sensitivity)]
$$;

-- Works right_seen out; part of directory_work_out, for it follows from office.sees.
create or replace function rights_work_out() returns void language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  insert into right_seen as old(office, role, work, beyond)
  select m.office, m.role, s.work, s.beyond || a.beyond
  from (select o.id as office, r::int2 as role, case when open then right_most(r::int2, 'OWN') end as own, array_remove(o.sees, o.id) as others,
          case when open then right_most(r::int2, case o.kind when 'bureau' then 'ABOVE' else 'PAIRED' end) end as others_most,
          case when open then right_most(r::int2, 'AREA') end as area_most
        from office o cross join lateral (select o.closed_on is null or o.closed_on > today() as open) c, generate_series(1, 8) r) m
    cross join lateral (
      select coalesce(array_agg(x.origin) filter (where x.level = 1), '{}') as work,
        coalesce(array_agg(x.origin::int8 * 8 + x.level) filter (where x.level <> 1), '{}') as beyond
      from (select m.office as origin, generate_series(0, m.own) as level
            union all select o.origin, l.level from unnest(m.others) as o(origin), generate_series(0, m.others_most) as l(level)) x) s
    cross join lateral (select coalesce(array_agg(-(t.area::int8 * 8 + l.level)), '{}') as beyond
      from area_today t, generate_series(0, m.area_most) as l(level) where t.office = m.office) a
  on conflict (office, role) do update set work = excluded.work, beyond = excluded.beyond
  where (old.work, old.beyond) is distinct from (excluded.work, excluded.beyond);
end $$;

-- The offices whose entries of this level the caller sees.
create or replace function origins_seen(level int2) returns int4[] stable parallel safe language plpgsql as $$
begin
  return coalesce((select case when level = 1 then r.work else array(select (b / 8)::int4 from unnest(r.beyond) b where b > 0 and b % 8 = level) end
    from right_seen r where r.office = caller_office() and r.role = caller_role()), '{}');
end $$;

-- Every office of which the caller sees anything: who sees a level sees those below it.
create or replace function origins_any() returns int4[] stable parallel safe language plpgsql as $$
begin
  return origins_seen(0::int2);
end $$;

-- Every area of which the caller sees anything.
create or replace function areas_any() returns int4[] stable parallel safe language plpgsql as $$
begin
  return array(select (-b / 8)::int4 from right_seen r, unnest(r.beyond) b where r.office = caller_office() and r.role = caller_role() and b < 0 and b % 8 = 0);
end $$;

-- The records that are open to the caller by name, or to the caller's office by a transfer or an alert; where the caller may be shown this level of each.
create or replace function records_opened(level int2) returns int8[] stable parallel safe language plpgsql security definer
  set search_path = liandong, pg_catalog, pg_temp as $$
declare
  named int2 := case when caller_account() <> 0 then right_most(caller_role(), 'NAMED') end;  -- once, not for each record
  given int2 := right_most(caller_role(), 'GIVEN');
  found int8[] := '{}';
begin
  if named >= level then
    found := array(select distinct r.num
      from record_access a join feed f on f.request_id = a.record and f.entity = f.request_id join any_record r on r.num = f.num
      where a.account = caller_account() and a.since <= clock_timestamp() and a.until > clock_timestamp()
        and greatest(r.sensitivity, records_opened.level) <= named);
  end if;
  if given >= level then
    found := found || array(select distinct r.num from record_office g join any_record r using (num)
      where g.office = caller_office() and g.since <= clock_timestamp() and g.until > clock_timestamp()
        and greatest(r.sensitivity, records_opened.level) <= given);
  end if;
  return found;
end $$;
create or replace function records_named() returns int8[] stable parallel safe language plpgsql as $$
begin
  return records_opened(0::int2);
end $$;

-- Those, and the ones that were open to the caller at any time: of these a watcher must hear that they no longer are. Each once, though it be
-- open to the caller by name and to the caller's office as well.
create or replace function records_told() returns int8[] stable parallel safe language plpgsql security definer
  set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return array(
    select f.num from record_access a join feed f on f.request_id = a.record and f.entity = f.request_id
    where a.account = caller_account() and a.account <> 0
    union select g.num from record_office g where g.office = caller_office());
end $$;

-- The events of a record, for whom it was open to by name: where they stand, nothing of what they say.
create or replace view record_events as select r.num, r.origin, e.seq from any_record r cross join unnest(r.events) as e(seq);
grant select on record_events to liandong_app;
-- And of the records of an area. last: the newest; those that have nothing new are not even opened.
create or replace view area_events as
  select r.area, r.num, r.origin, r.events[cardinality(r.events)] as last, e.seq from any_record r cross join unnest(r.events) as e(seq) where r.area is not null;
grant select on area_events to liandong_app;

-- What the caller sees that is not plain work: office * 8 + level, -(area * 8 + level), and the numbers of records open to the caller by name.
create or replace function rights_beyond() returns int8[] stable parallel safe language plpgsql as $$
begin
  return (select r.beyond || records_named()
    from right_seen r where r.office = caller_office() and r.role = caller_role());
end $$;

-- Where to look for what the caller sees, in the order of lists: all of an office, or a single record of another one.
create or replace function records_scope() returns table(origin int4, first_at timestamptz, last_at timestamptz, first_num int8, last_num int8)
  stable parallel safe rows 10 language plpgsql as $$
#variable_conflict use_column
declare
  offices int4[] := origins_any();
  named int8[] := records_named();
begin
  return query select o.origin, '-infinity'::timestamptz, 'infinity'::timestamptz, 0::int8, 9223372036854775807 from unnest(offices) as o(origin);
  if named <> '{}' then
    return query select i.origin, i.received_at, i.received_at, i.num, i.num from incident i where i.num = any (named) and i.origin <> all (offices);
    return query select r.origin, r.created_at, r.created_at, r.num, r.num from any_record r
      where r.num = any (named) and r.origin <> all (offices) and record_type_of(r.num) > 1;
  end if;
end $$;

-- The predicate once more, for functions that are past the policies. Slow: for single records.
drop function if exists visible(incident);
create or replace function visible(r any_record) returns bool stable parallel safe language plpgsql as $$
begin
  return coalesce(r.origin = any (origins_seen(r.sensitivity)) or record_marks(r.num, r.origin, r.sensitivity, r.area) && rights_beyond(), false);
end $$;

drop function if exists visible(int4), visible(int4, int2, int8), caller_sees();
grant execute on function caller_office(), caller_device(), caller_officer(), caller_role(), caller_account(), caller_login(), sees(int4),
  relation_of(office, int4), right_most(int2, text), origins_seen(int2), origins_any(), records_opened(int2), records_named(), records_told(),
  rights_beyond(), records_scope(), visible(any_record), record_marks(int8, int4, int2, int4), areas_any()
  to liandong_app;

-- What follows of the rules may have changed with these texts.
select rights_work_out();
