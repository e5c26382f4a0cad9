-- Reporting, set-wise: all reports of one commit group in one execution. What costs once per group is paid once.

-- How often the same phone or place was reported to somebody the office sees, in the days before `moment`.
create function repeats(sees int4[], phone text, at_place text, moment timestamptz, since timestamptz, most int4) returns int4
  stable language sql as $$
  select ((select count(*) from (
             select from incident i
             where i.reporter_phone = phone and i.received_at > since and i.received_at <= moment and i.origin = any (sees)
             limit most) a)
        + (select count(*) from (
             select from incident i
             where i.place = at_place and i.received_at > since and i.received_at <= moment and i.origin = any (sees)
               and (phone is null or i.reporter_phone is distinct from phone)
             limit most) b))::int4
$$;

-- One row per member, in any order, numbered by ord. Arrays are of equal length, one element per member. The pen is held.
create function report_incidents(
    request_ids uuid[], acts bytea[], offices int4[], devices int8[], officers text[],
    sources int2[], classes int2[], levels int2[], external_nos text[], occurred timestamptz[], received timestamptz[],
    places text[], longitudes float8[], latitudes float8[], reporters text[], phones text[], contents text[], threat_lists text[],
    mass_counts int4[])
  returns table(ord int8, outcome text, reason text, field text, id uuid, no text, version int4, state int2, at timestamptz, replay bool)
  language plpgsql
  set plan_cache_mode = force_generic_plan  -- the plan never depends on the values: don't make it anew each time
  as $$
#variable_conflict use_column
declare
  head feed_head;
  moment timestamptz;
  latest timestamptz;
  this_year int4;
  base int8;
  most int4 := setting_of('repeat_most');
  span interval := make_interval(days => setting_of('repeat_days'));
begin
  select * into strict head from feed_head;
  moment := feed_time(head.at);
  latest := moment + make_interval(mins => setting_of('future_minutes'));
  this_year := extract(year from moment at time zone 'Asia/Shanghai');
  perform directory_of_today();
  base := this_year * 1000000000::int8 + coalesce((select n.last from numbering n where n.kind = 'JQ' and n.year = this_year), 0);
  return query
  with input as materialized (
      select u.ord, u.request_id, u.act, u.actor, u.device, u.officer, u.external_no, u.occurred_at, u.longitude, u.latitude,
        u.content, u.mass_count,
        coalesce(nullif(u.source, 0), case o.system when 1 then 1 when 2 then 6 else 7 end)::int2 as source,
        nullif(u.class, 0) as class,
        coalesce(nullif(u.level, 0), 3)::int2 as level,
        coalesce(u.received_at, moment) as received_at,
        nullif(btrim(u.place), '') as place, nullif(btrim(u.reporter), '') as reporter, nullif(btrim(u.phone), '') as phone,
        nullif(u.threats, '{}')::int2[] as threats,
        o.code, o.name, o.audience, o.sees,
        case when o.id is null then 'caller_office'
             when coalesce(u.class, 0) = 0 then 'class'
             when char_length(btrim(coalesce(u.content, ''))) < 2 then 'content'
             when u.occurred_at > latest then 'occurred_at'
             when u.received_at > latest then 'received_at' end as fault,
        first_value(u.ord) over (partition by u.request_id order by u.ord) as first,
        f.seq as known, f.kind = 'report_incident' and f.actor = u.actor and f.act = u.act as same, f.no, f.at
      from unnest(request_ids, acts, offices, devices, officers, sources, classes, levels, external_nos, occurred, received, places,
             longitudes, latitudes, reporters, phones, contents, threat_lists, mass_counts) with ordinality
           as u(request_id, act, actor, device, officer, source, class, level, external_no, occurred_at, received_at, place,
             longitude, latitude, reporter, phone, content, threats, mass_count, ord)
        left join office o on o.id = u.actor
        left join feed f on f.request_id = u.request_id
    ), fresh as materialized (
      select i.*, row_number() over (order by i.ord) as k,
        repeats(i.sees, i.phone, i.place, i.received_at, i.received_at - span, most) as before
      from input i where i.known is null and i.fault is null and i.first = i.ord
    ), event as materialized (
      select e.*, head.seq + e.k as seq, base + e.k as num, incident_no(base + e.k) as new_no,
        incident_title(e.place, e.content) as title,
        -- those of the same group that came before it are not in the table yet
        (1 + e.before + (select count(*) from fresh b where b.k < e.k and b.actor = any (e.sees) and (b.phone = e.phone or b.place = e.place)))::int4 as repeat_count
      from fresh e
    ), chain as materialized (
      select h.k, h.hash
      from unnest(feed_chain(head.hash, (
          select array_agg(feed_bytes(e.seq, moment, 'report_incident', e.request_id, e.new_no, 1, 1::int2, e.class, e.level, e.code,
              e.name, e.officer, e.title, null, null, null, null, e.threats, e.repeat_count, e.act, e.audience, e.num, e.actor,
              e.actor, e.device, e.request_id) order by e.k)
          from event e))) with ordinality as h(hash, k)
    ), new_incident as (
      insert into incident(num, id, version, state, source, class, level, external_no, occurred_at, received_at, place, longitude, latitude,
        reporter, reporter_phone, content, threats, mass_count, origin, created_by, created_at, updated_by, updated_at, repeat_count, events)
      select e.num, e.request_id, 1, 1, e.source, e.class, e.level, e.external_no, e.occurred_at, e.received_at, e.place, e.longitude, e.latitude,
        e.reporter, e.phone, e.content, e.threats, e.mass_count, e.actor, e.officer, moment, e.officer, moment, e.repeat_count, array[e.seq]
      from event e
    ), new_event as (
      insert into feed(seq, at, kind, entity, no, version, state, class, level, office, office_name, officer, title, threats, repeat_count,
        act, audience, hash, num, origin, actor, device, request_id)
      select e.seq, moment, 'report_incident', e.request_id, e.new_no, 1, 1, e.class, e.level, e.code, e.name, e.officer, e.title, e.threats,
        e.repeat_count, e.act, e.audience, c.hash, e.num, e.actor, e.actor, e.device, e.request_id
      from event e join chain c using (k)
    ), new_head as (
      update feed_head h set seq = head.seq + c.k, hash = c.hash, at = moment
      from (select c.k, c.hash from chain c order by c.k desc limit 1) c
    ), new_number as (
      insert into numbering(kind, year, last)
      select 'JQ', this_year, e.num % 1000000000 from event e order by e.k desc limit 1
      on conflict on constraint numbering_pkey do update set last = excluded.last
    ), verdict as (
      select i.ord, i.request_id, coalesce(i.no, e.new_no) as no, coalesce(i.at, moment) as at,
        i.known is not null or i.ord <> i.first as replay,
        case when i.known is not null and not i.same or e.act <> i.act or e.actor <> i.actor then 'request_id'
             when e.k is null and i.known is null then i.fault end as fault
      from input i left join event e on e.ord = i.first
    )
  select v.ord,
    case when v.fault is not null then 'refused' when v.replay then 'replay' else 'done' end,
    case v.fault when 'request_id' then 'KEY_REUSED' when 'caller_office' then 'NOT_YOURS' when 'class' then 'REQUIRED'
      when 'content' then 'REQUIRED' when 'occurred_at' then 'IN_FUTURE' when 'received_at' then 'IN_FUTURE' end,
    nullif(v.fault, 'caller_office'),
    case when v.fault is null then v.request_id end, case when v.fault is null then v.no end, case when v.fault is null then 1 end,
    case when v.fault is null then 1::int2 end, case when v.fault is null then v.at end, case when v.fault is null then v.replay end
  from verdict v;
end $$;

grant execute on function repeats(int4[], text, text, timestamptz, timestamptz, int4),
  report_incidents(uuid[], bytea[], int4[], int8[], text[], int2[], int2[], int2[], text[], timestamptz[], timestamptz[], text[], float8[],
    float8[], text[], text[], text[], text[], int4[]) to liandong_app;
