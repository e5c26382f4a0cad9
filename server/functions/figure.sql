-- Figures: migrations/…_figure.sql. What is entered late is known from then on only; a figure as of a past time knows nothing of it.

-- The disputes of which one consists: itself and what was merged into it.
create or replace function joint_family(root int8) returns int8[] stable language sql as $$
  with recursive family(num) as (
    select root union select d.num from dispute d join family f on d.merged_into = f.num)
  select array_agg(num) from family
$$;

-- Opens and closes the spans of one dispute, so that they say what is so at this moment.
create or replace function joint_settle(of_num int8, moment timestamptz) returns void language plpgsql as $$
declare
  d dispute := (select x from dispute x where x.num = of_num);
  counts bool := d.num is not null and d.state not in (23, 24) and d.exercise is not true;
  family int8[] := case when counts then joint_family(of_num) else '{}' end;
begin
  with now_joint as (
      select s.station, s.judicial, min(s.police_at) as police_at, min(s.judicial_at) as judicial_at
      from joint_side s where s.num = any (family) group by 1, 2 having min(s.police_at) is not null and min(s.judicial_at) is not null
    ), gone as (
      update joint_span o set until = moment
      where o.num = of_num and o.until = 'infinity' and not exists (select from now_joint n where (n.station, n.judicial, n.police_at, n.judicial_at)
        = (o.station, o.judicial, o.police_at, o.judicial_at))
      returning o.station, o.judicial
    )
  insert into joint_span as o(station, judicial, num, since, police_at, judicial_at, joint_at, origin, sensitivity, area)
  select n.station, n.judicial, of_num, moment, n.police_at, n.judicial_at, greatest(n.police_at, n.judicial_at), d.origin, d.sensitivity, d.area
  from now_joint n left join gone g using (station, judicial)
  where g.station is not null or not exists (select from joint_span x where (x.num, x.station, x.judicial) = (of_num, n.station, n.judicial) and x.until = 'infinity')
  on conflict (num, station, judicial, since) do update set until = 'infinity', police_at = excluded.police_at, judicial_at = excluded.judicial_at, joint_at = excluded.joint_at;
end $$;

-- Whether an event of a dispute is an act on it: what follows by itself from a clock or from another record's event is nobody's.
create or replace function joint_act(event_kind text, officer text) returns bool stable language sql as $$
  select officer <> '系统' and not exists (select from record_transition t where t.type = 2 and t.kind = event_kind and t.roles = '{0}')
$$;

-- Of every event of a dispute, once it is stored: record_store.
create or replace function joint_note(event feed) returns void language plpgsql as $$
declare
  day date := (event.at at time zone 'Asia/Shanghai')::date;
  moved int4 := array_position(event.changed, 'merged_into');
  other text;
begin
  if joint_act(event.kind, event.officer) then
    insert into joint_side as o(station, judicial, num, police_at, judicial_at)
    select distinct p.station, p.judicial, event.num, case event.actor when p.station then event.at end, case event.actor when p.judicial then event.at end
    from pairing p
    where event.actor in (p.station, p.judicial) and p.station_agreed and p.judicial_agreed and p.started_on <= day and (p.ended_on is null or p.ended_on > day)
    on conflict (station, judicial, num) do update set police_at = coalesce(o.police_at, excluded.police_at), judicial_at = coalesce(o.judicial_at, excluded.judicial_at)
    where o.police_at is null and excluded.police_at is not null or o.judicial_at is null and excluded.judicial_at is not null;
  end if;
  perform joint_settle(d.num, event.at) from dispute d where d.num = event.num;
  perform joint_settle(d.merged_into, event.at) from dispute d where d.num = event.num and d.merged_into is not null;
  other := event.old_values[moved];
  if other is not null then
    perform joint_settle(record_base(2::int2, split_part(other, '-', 2)::int4) + split_part(other, '-', 3)::int8, event.at);
  end if;
end $$;

-- A pairing that is entered or agreed to late: what both did while it held counts from now on.
create or replace function joint_paired() returns trigger language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  moment timestamptz := greatest((select h.at from feed_head h), date_trunc('milliseconds', clock_timestamp()));
begin
  if new.station_agreed and new.judicial_agreed and new.started_on <= today() then
    insert into joint_side as o(station, judicial, num, police_at, judicial_at)
    select new.station, new.judicial, f.num, min(f.at) filter (where f.actor = new.station), min(f.at) filter (where f.actor = new.judicial)
    from feed f
    where f.num >= record_base(2::int2, 0) and f.num < record_base(3::int2, 0) and f.actor in (new.station, new.judicial) and joint_act(f.kind, f.officer)
      and (f.at at time zone 'Asia/Shanghai')::date >= new.started_on and (new.ended_on is null or (f.at at time zone 'Asia/Shanghai')::date < new.ended_on)
    group by f.num
    on conflict (station, judicial, num) do update set police_at = least(o.police_at, excluded.police_at), judicial_at = least(o.judicial_at, excluded.judicial_at);
    perform joint_settle(s.num, moment) from joint_side s where s.station = new.station and s.judicial = new.judicial;
    perform joint_settle(d.merged_into, moment) from joint_side s join dispute d using (num) where s.station = new.station and s.judicial = new.judicial and d.merged_into is not null;
  end if;
  return null;
end $$;
drop trigger if exists joint on pairing;
create trigger joint after insert or update on pairing for each row execute function joint_paired();

-- Who sees a dispute sees what is counted of it.
create or replace function joint_follow() returns trigger language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  update joint_span s set sensitivity = new.sensitivity, area = new.area where s.num = new.num;
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
  select coalesce(asof, statement_timestamp())
$$;
-- Spans that count, of the caller's sight. from and until: when both had acted.
create or replace function joint_spans(office_code text, asof timestamptz, from_at timestamptz, until_at timestamptz) returns setof joint_span stable language sql as $$
  select s.* from joint_span s
  where s.since <= asof and s.until > asof and s.joint_at >= coalesce(from_at, '-infinity') and s.joint_at < coalesce(until_at, 'infinity')
    and (office_code is null or (select o.id from office o where o.code = office_code) in (s.station, s.judicial))
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
-- Alerts that were raised in the time asked for, none of an exercise or a test, and how long until the first ack, as of then.
create or replace function alert_acks(office_code text, asof timestamptz, from_at timestamptz, until_at timestamptz)
  returns table(num int8, raised_at timestamptz, acked_at timestamptz, seconds int8) stable language sql as $$
  select a.num, a.created_at, case when a.acked_at <= asof then a.acked_at end, case when a.acked_at <= asof then floor(extract(epoch from a.acked_at - a.created_at))::int8 end
  from alert a
  where a.status = 1 and a.created_at <= asof and a.created_at >= coalesce(from_at, '-infinity') and a.created_at < coalesce(until_at, 'infinity')
    and (office_code is null or a.origin = (select o.id from office o where o.code = office_code)
      or exists (select from alert_office w join office o on o.id = w.office where w.num = a.num and o.code = office_code))
$$;
