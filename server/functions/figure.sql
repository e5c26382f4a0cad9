-- Figures: migrations/…_figure.sql. What is entered late is known from then on only; a figure as of a past time knows nothing of it.

-- The disputes of which each consists that counts: itself and what was merged into it. What was merged into another, is void or an exercise has none.
create or replace function figure_families(nums int8[]) returns table(root int8, num int8) stable language sql as $$
  with recursive family(root, num) as (
    select d.num, d.num from (select distinct n from unnest(nums) n) x(num) join dispute d using (num) where d.state not in (23, 24) and d.exercise is not true
    union all select f.root, d.num from family f join dispute d on d.merged_into = f.num)
  select f.root, f.num from family f
$$;

-- What both offices of a pairing acted on, as it is at this moment.
create or replace function joint_now(nums int8[]) returns table(num int8, station int4, judicial int4, police_at timestamptz, judicial_at timestamptz) stable language sql as $$
  select f.root, s.station, s.judicial, min(s.police_at), min(s.judicial_at)
  from figure_families(nums) f join joint_side s on s.num = f.num
  group by f.root, s.station, s.judicial having min(s.police_at) is not null and min(s.judicial_at) is not null
$$;
-- Opens and closes the spans of disputes, so that they say what is so at this moment. The dispute of a span that never ended before it began
-- again is one span still.
create or replace function joint_settle(nums int8[], moment timestamptz) returns void language plpgsql as $$
begin
  if not exists (select from joint_now(nums) n full join (select o.* from unnest(nums) x(num) join joint_span o using (num) where o.until = 'infinity') o using (num, station, judicial)
      where (n.police_at, n.judicial_at) is distinct from (o.police_at, o.judicial_at)) then
    return;  -- of nearly every act
  end if;
  delete from joint_span o using unnest(nums) x(num) where o.num = x.num and o.until = 'infinity' and o.since = moment;
  update joint_span o set until = moment from unnest(nums) x(num)
  where o.num = x.num and o.until = 'infinity' and not exists (select from joint_now(nums) n
    where (n.num, n.station, n.judicial, n.police_at, n.judicial_at) = (o.num, o.station, o.judicial, o.police_at, o.judicial_at));
  insert into joint_span(station, judicial, num, since, police_at, judicial_at, joint_at, origin, sensitivity, area)
  select n.station, n.judicial, n.num, moment, n.police_at, n.judicial_at, greatest(n.police_at, n.judicial_at), d.origin, d.sensitivity, d.area
  from joint_now(nums) n join dispute d using (num)
  where not exists (select from joint_span o where (o.num, o.station, o.judicial) = (n.num, n.station, n.judicial) and o.until = 'infinity');
  update joint_span o set alone = false from unnest(nums) x(num)
  where o.num = x.num and o.alone and exists (select from joint_span m where m.num = o.num and (m.station, m.judicial) <> (o.station, o.judicial));
end $$;

-- The tally follows the spans, whoever changes them.
create or replace function joint_tally_add(spans joint_span[], sign int4) returns void language sql as $$
  insert into joint_tally as t
  select s.station, s.judicial, s.origin, s.sensitivity, coalesce(s.area, 0), date_trunc('day', c.at, 'Asia/Shanghai'), date_trunc('day', s.joint_at, 'Asia/Shanghai'), sign * sum(c.n)
  from unnest(spans) s cross join lateral (values (s.since, 1), (s.until, -1)) c(at, n)
  where s.alone and c.at < 'infinity' group by 1, 2, 3, 4, 5, 6, 7
  on conflict (station, judicial, origin, sensitivity, area, changed_on, joint_on) do update set n = t.n + excluded.n
$$;
create or replace function joint_come() returns trigger language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  perform joint_tally_add(array(select row(c.*)::joint_span from come c), 1);
  return null;
end $$;
create or replace function joint_gone() returns trigger language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  perform joint_tally_add(array(select row(g.*)::joint_span from gone g), -1);
  return null;
end $$;
create or replace trigger inserted after insert on joint_span referencing new table as come for each statement execute function joint_come();
create or replace trigger deleted after delete on joint_span referencing old table as gone for each statement execute function joint_gone();
create or replace trigger changed_in after update on joint_span referencing new table as come for each statement execute function joint_come();
create or replace trigger changed_out after update on joint_span referencing old table as gone for each statement execute function joint_gone();

-- Sessions of disputes likewise: a span that says something else than the session does now ends, and another begins.
create or replace function session_settle(nums int8[], moment timestamptz) returns void language plpgsql as $$
declare
  old uuid[] := array(select o.session from unnest(nums) x(num) join session_span o using (num) where o.until = 'infinity'
    union select o.session from unnest(nums) x(num) join session_span o on o.held_in = x.num where o.until = 'infinity');
begin
  delete from session_span o using unnest(old) x(session) where o.session = x.session and o.until = 'infinity' and o.since = moment;
  update session_span o set until = moment from unnest(old) x(session)
  where o.session = x.session and o.until = 'infinity' and not exists (
    select from figure_families(nums) f join mediation_session s on s.num = f.num
    where s.id = o.session and f.root = o.num and (s.mode, s.held_at) = (o.mode, o.held_at) and (s.method, s.result) is not distinct from (o.method, o.result));
  insert into session_span(session, num, held_in, since, seq, mode, method, result, held_at, entered_at, office, officer, origin, sensitivity, area)
  select s.id, f.root, s.num, moment, s.seq, s.mode, s.method, s.result, s.held_at, s.entered_at, s.office, s.officer, d.origin, d.sensitivity, d.area
  from figure_families(nums) f join mediation_session s on s.num = f.num join dispute d on d.num = f.root
  where not exists (select from session_span o where o.session = s.id and o.until = 'infinity');
end $$;
create or replace function session_kept() returns trigger language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  perform session_settle(array[new.num, dispute_root(new.num)], (select h.at from feed_head h));
  return null;
end $$;
drop trigger if exists figure on mediation_session;
create trigger figure after insert or update of mode, method, result, held_at on mediation_session for each row execute function session_kept();

-- Whether an event of a dispute is an act on it: what follows by itself from a clock or from another record's event is nobody's. `asked`: it is what
-- a request asked for, and so an act whether or not the same can come by itself.
drop function if exists joint_act(text, text);
create or replace function joint_act(event_kind text, officer text, asked bool) returns bool stable language sql as $$
  select officer <> '系统' and (asked or not exists (select from record_transition t where t.type = 2 and t.kind = event_kind and t.roles = '{0}'))
$$;

-- Of every event of a dispute, once it is stored: record_store.
create or replace function joint_note(event feed) returns void language plpgsql as $$
declare
  day date := (event.at at time zone 'Asia/Shanghai')::date;
  moved int4 := array_position(event.changed, 'merged_into');
  other int8 := case when event.old_values[moved] is not null then (select m.into_dispute from dispute_merge m where m.dispute = event.num order by m.made_at desc limit 1) end;
  nums int8[];
begin
  if joint_act(event.kind, event.officer, event.act <> '') then
    insert into joint_side as o(station, judicial, num, police_at, judicial_at)
    select distinct p.station, p.judicial, event.num, case event.actor when p.station then event.at end, case event.actor when p.judicial then event.at end
    from pairing p
    where event.actor in (p.station, p.judicial) and p.station_agreed and p.judicial_agreed and p.started_on <= day and (p.ended_on is null or p.ended_on > day)
    on conflict (station, judicial, num) do update set police_at = coalesce(o.police_at, excluded.police_at), judicial_at = coalesce(o.judicial_at, excluded.judicial_at)
    where o.police_at is null and excluded.police_at is not null or o.judicial_at is null and excluded.judicial_at is not null;
  end if;
  nums := array[event.num, dispute_root(event.num)];
  if other is not null then
    nums := nums || dispute_root(other);
  end if;
  perform joint_settle(nums, event.at);
  if event.changed && '{merged_into, state, exercise}' then
    perform session_settle(nums, event.at);
  end if;
end $$;

-- A pairing that is entered or agreed to late, or whose time changes: what both did while it held counts from now on, and nothing else.
-- What can come by itself and is asked for as well is a reopening alone: those acts are found by the disputes that have one.
-- By indexes, as the server's writer does everything: a table that was empty when a statement was planned is read over and over as it fills.
create or replace function joint_paired() returns trigger language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp set enable_seqscan = off as $$
declare
  moment timestamptz := greatest((select h.at from feed_head h), date_trunc('milliseconds', clock_timestamp()));
  by_itself text[] := array(select t.kind from record_transition t where t.type = 2 and t.roles = '{0}');  -- joint_act, for a million of them
  held tstzmultirange := (select range_agg(tstzrange(p.started_on::timestamp at time zone 'Asia/Shanghai', p.ended_on::timestamp at time zone 'Asia/Shanghai'))
    from pairing p where (p.station, p.judicial) = (new.station, new.judicial) and p.station_agreed and p.judicial_agreed and p.started_on < coalesce(p.ended_on, 'infinity'));
  nums int8[];
begin
  if tg_op = 'UPDATE' and old is not distinct from new then
    return null;
  end if;
  nums := array(select s.num from joint_side s where (s.station, s.judicial) = (new.station, new.judicial));
  delete from joint_side s where (s.station, s.judicial) = (new.station, new.judicial);
  with acts as (
      insert into joint_side(station, judicial, num, police_at, judicial_at)
      select new.station, new.judicial, f.num, min(f.at) filter (where f.actor = new.station), min(f.at) filter (where f.actor = new.judicial)
      from (
          select f.num, f.actor, f.at, f.officer from feed f
          where f.num >= 20000000000000 and f.num < 30000000000000 and f.actor in (new.station, new.judicial) and f.kind <> all (by_itself)  -- the index feed_acts
          union all select f.num, f.actor, f.at, f.officer from dispute d cross join unnest(d.events) e join feed f on f.seq = e
          where d.reopened_n > 0 and f.actor in (new.station, new.judicial) and f.kind = any (by_itself) and f.act <> '') f
      where f.at <@ held and f.officer <> '系统'
      group by f.num
      returning num)
  select nums || array_agg(a.num) into nums from acts a;
  nums := array(select n from unnest(nums) n union select dispute_root(d.num) from unnest(nums) x(num) join dispute d using (num) where d.merged_into is not null);
  perform joint_settle(nums, moment);
  return null;
end $$;
drop trigger if exists joint on pairing;
create trigger joint after insert or update on pairing for each row execute function joint_paired();

-- Who sees a dispute sees what is counted of it.
create or replace function joint_follow() returns trigger language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  update joint_span s set sensitivity = new.sensitivity, area = new.area where s.num = new.num;
  update session_span s set sensitivity = new.sensitivity, area = new.area where s.num = new.num;
  return null;
end $$;
drop trigger if exists joint on dispute;
create trigger joint after update of sensitivity, area on dispute for each row
  when (new.sensitivity <> old.sensitivity or new.area is distinct from old.area) execute function joint_follow();

-- What a figure is asked for: an unknown office is refused, and the time of asking stands for "as of" where none is given.
create or replace function figure_fault(office_code text) returns text stable language sql as $$
  select case when office_code is not null and not exists (select from office o where o.code = office_code) then 'UNKNOWN_VALUE office' end
$$;
create or replace function figure_asof(asof timestamptz) returns timestamptz stable language sql as $$
  select coalesce(asof, greatest(statement_timestamp(), (select h.at from feed_head h)))  -- acts have their moments from there, and a clock may be set back
$$;
-- Spans that count, of the caller's sight. from and until: when both had acted.
create or replace function joint_spans(office_code text, asof timestamptz, from_at timestamptz, until_at timestamptz) returns setof joint_span stable language sql as $$
  select s.* from joint_span s
  where s.since <= asof and s.until > asof and s.joint_at >= coalesce(from_at, '-infinity') and s.joint_at < coalesce(until_at, 'infinity')
    and (office_code is null or (select o.id from office o where o.code = office_code) in (s.station, s.judicial))
$$;

-- How many of them there are, by pairing. Whole days come from the tally; from the rows what changed on the day of `asof` before it, what became
-- joint on a day that `from` or `until` cuts, and what the caller sees by its number alone. What several pairings have comes one by one, with
-- its number. Now is no day that is cut: all that is known has changed until now.
create or replace function joint_counts(office_code text, asof timestamptz, from_at timestamptz, until_at timestamptz)
  returns table(station int4, judicial int4, num int8, n int8) stable language plpgsql as $$
declare
  moment timestamptz := coalesce(asof, 'infinity');
  today timestamptz := date_trunc('day', moment, 'Asia/Shanghai');
  last timestamptz := date_trunc('day', coalesce(until_at, 'infinity'), 'Asia/Shanghai');
  first timestamptz := date_trunc('day', coalesce(from_at, '-infinity'), 'Asia/Shanghai');
  asked int4[] := array(select o.id from office o where o.code = office_code);
  named int8[] := records_named();
begin
  from_at := coalesce(from_at, '-infinity');
  until_at := coalesce(until_at, 'infinity');
  first := case when first < from_at then first + interval '1 day' else first end;
  return query
  select t.station, t.judicial, null::int8, sum(t.n)
  from joint_tally t
  where t.changed_on < today and t.joint_on >= first and t.joint_on < last and (office_code is null or t.station = any (asked) or t.judicial = any (asked))
  group by 1, 2
  union all
  select s.station, s.judicial, null, sum(c.n)
  from (select x.* from joint_span x where x.since >= today and x.since <= moment
      union select x.* from joint_span x where x.until >= today and x.until <= moment and x.until < 'infinity'
      union select x.* from joint_span x where x.joint_at >= from_at and x.joint_at < first
      union select x.* from joint_span x where x.joint_at >= last and x.joint_at < until_at
      union select x.* from joint_span x where x.num = any (named)) s
    cross join lateral (values (s.since, 1), (s.until, -1)) c(at, n)
  where s.alone and s.joint_at >= from_at and s.joint_at < until_at and c.at <= moment and c.at < 'infinity'
    and (office_code is null or s.station = any (asked) or s.judicial = any (asked))
    and not (c.at < today and s.joint_at >= first and s.joint_at < last and (s.num <> all (named) or exists (select from joint_tally t
      where (t.station, t.judicial, t.origin, t.sensitivity, t.area, t.changed_on, t.joint_on)
        = (s.station, s.judicial, s.origin, s.sensitivity, coalesce(s.area, 0), date_trunc('day', c.at, 'Asia/Shanghai'), date_trunc('day', s.joint_at, 'Asia/Shanghai')))))
  group by 1, 2
  union all
  select s.station, s.judicial, s.num, 1
  from joint_span s
  where not s.alone and s.since <= moment and (s.until > moment or asof is null and s.until = 'infinity') and s.joint_at >= from_at and s.joint_at < until_at
    and (office_code is null or s.station = any (asked) or s.judicial = any (asked));
end $$;

-- Sessions that count, of the caller's sight, by when they were held; an office's are those that it held, and those on disputes that it entered.
create or replace function session_spans(of_dispute text, office_code text, asof timestamptz, from_at timestamptz, until_at timestamptz) returns setof session_span stable language sql as $$
  select s.* from session_span s
  where s.since <= asof and s.until > asof and s.result is distinct from 5 and s.held_at >= coalesce(from_at, '-infinity') and s.held_at < coalesce(until_at, 'infinity')
    and (of_dispute is null or (select f.num from record_find(of_dispute, 2::int2) f) in (s.num, s.held_in))
    and (office_code is null or (select o.id from office o where o.code = office_code) in (s.office, s.origin))
$$;
create or replace function session_fault(of_dispute text, office_code text) returns text stable language sql as $$
  select coalesce((select f.reason from record_find(of_dispute, 2::int2) f where of_dispute is not null), figure_fault(office_code))
$$;

-- The legs of transfers that were sent in the time asked for, as of then: since and at of each that is over.
create or replace function transfer_legs(office_code text, asof timestamptz, from_at timestamptz, until_at timestamptz)
  returns table(num int8, leg text, n int4, since timestamptz, at timestamptz) stable language sql as $$
  select t.num, l.leg, l.n, l.since, l.at
  from transfer t left join dispute d on d.num = t.about
    cross join lateral (values ('delivered_at', 1, t.sent_at, t.delivered_at), ('signed_at', 2, t.delivered_at, t.signed_at),
      ('accepted_at', 3, t.signed_at, t.accepted_at), ('returned_at', 4, t.signed_at, t.returned_at), ('feedback_at', 5, t.accepted_at, t.feedback_at),
      ('confirmed_at', 6, t.feedback_at, t.confirmed_at), ('recalled_at', 7, t.sent_at, t.recalled_at)) as l(leg, n, since, at)
  where t.sent_at <= asof and l.at <= asof and t.sent_at >= coalesce(from_at, '-infinity') and t.sent_at < coalesce(until_at, 'infinity') and not coalesce(d.exercise, false)
    and (office_code is null or (select o.id from office o where o.code = office_code) in (t.from_office, t.to_office))
$$;
-- Alerts that were raised in the time asked for, none of an exercise or a test and none that tells an office only of its own deadline, and how long
-- until the first ack, as of then.
create or replace function alert_acks(office_code text, asof timestamptz, from_at timestamptz, until_at timestamptz)
  returns table(num int8, raised_at timestamptz, acked_at timestamptz, seconds int8) stable language sql as $$
  select a.num, a.created_at, case when a.acked_at <= asof then a.acked_at end, case when a.acked_at <= asof then floor(extract(epoch from a.acked_at - a.created_at))::int8 end
  from alert a
  where a.status = 1 and not exists (select from alert_rule r where r.rule = a.rule and r.whom in ('OWNER', 'HEAD'))
    and a.created_at <= asof and a.created_at >= coalesce(from_at, '-infinity') and a.created_at < coalesce(until_at, 'infinity')
    and (office_code is null or a.origin = (select o.id from office o where o.code = office_code)
      or exists (select from alert_office w join office o on o.id = w.office where w.num = a.num and o.code = office_code))
$$;
