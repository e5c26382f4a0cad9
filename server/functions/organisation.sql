-- Offices and pairings, changed by administrators. All of it runs under the owner's rights with the pen held: the server's role can
-- change the directory in no other way. A refusal is an answer, nothing here raises.

-- An administrator looks after their own office and all below it.
create or replace function administers(office_id int4) returns bool stable security definer set search_path = liandong, pg_catalog, pg_temp
  language plpgsql as $$
begin
  return caller_role() = 7 and exists (
    with recursive up(id, parent) as (
        select o.id, o.parent from office o where o.id = office_id
        union
        select o.id, o.parent from office o join up on o.id = up.parent
      )
    select from up where up.id = caller_office());
end $$;

-- The request was carried out before: `done` then holds its answer. Else outcome NULL: go on.
create or replace function directory_past(request uuid, sent bytea, wanted text, out done directory_receipt) stable language plpgsql as $$
declare
  past feed;
begin
  select * into past from feed f where f.request_id = request;
  if not found then
    return;
  end if;
  if past.kind = wanted and past.actor = caller_office() and past.act = sent then
    done.outcome := 'replay'; done.code := past.no; done.version := past.version; done.at := past.at; done.replay := true;
  else
    done.outcome := 'refused'; done.reason := 'KEY_REUSED'; done.field := 'request_id';
  end if;
end $$;

create or replace function directory_refusal(reason text, field text) returns directory_receipt immutable language sql as $$
  select row('refused', reason, field, null, null, null, null)::directory_receipt
$$;

-- Appends a change of the directory to the feed and answers it. Nobody watches such events (no office is their origin): they are read
-- by list_changes. before NULL: it is new.
create or replace function directory_event(request uuid, sent bytea, wanted text, entity uuid, code text, version int4, before jsonb, after jsonb,
    why text, out done directory_receipt) language plpgsql as $$
declare
  turn record := feed_begin();
  event feed;
begin
  select array_agg(n.key order by n.key), array_agg(o.value order by n.key), array_agg(n.value order by n.key)
    into event.changed, event.old_values, event.new_values
  from jsonb_each_text(after) n left join jsonb_each_text(coalesce(before, '{}')) o using (key)
  where n.value is distinct from o.value;
  select o.code, o.name into event.office, event.office_name from office o where o.id = caller_office();
  event.at := turn.moment; event.kind := wanted; event.entity := entity; event.no := code; event.version := version;
  event.state := 0; event.class := 0; event.level := 0; event.officer := coalesce(caller_officer(), ''); event.note := nullif(why, '');
  event.act := sent; event.audience := '{}'; event.num := 0; event.origin := 0; event.actor := caller_office();
  event.device := coalesce(caller_device(), 0); event.request_id := request;
  perform feed_append(event);
  done.outcome := 'done'; done.code := code; done.version := version; done.at := turn.moment; done.replay := false;
end $$;

create or replace function office_fields(o office) returns jsonb stable language sql as $$
  select jsonb_build_object('name', o.name, 'kind', o.kind, 'system', o.system::text, 'parent', (select p.code from office p where p.id = o.parent),
    'closed_on', o.closed_on::text, 'partner_kind', o.partner_kind)
$$;

-- enum OfficeKind -> what the table says.
create or replace function office_kind(number int4) returns text immutable language sql as $$
  select (array['station', 'judicial', 'bureau', 'partner'])[number]
$$;

-- A kind of partner as people name it -> its code, where it may be chosen today.
create or replace function partner_kind_named(said text) returns text stable language sql as $$
  select k.code from partner_kind k
  where lower(btrim(said)) in (k.code, k.name, lower(k.english)) and k.started_on <= today() and (k.ended_on is null or k.ended_on > today())
$$;

-- And as they read it; a code that is no longer in the table stands for itself.
create or replace function partner_kind_text(said text, in_english bool) returns text stable language sql as $$
  select coalesce((select case when in_english then k.english else k.name end from partner_kind k where k.code = said), said)
$$;

-- A partner is of one of the kinds that there are, nobody else is.
create or replace function partner_kind_fits(of_kind text, said text) returns bool stable language sql as $$
  select case of_kind when 'partner' then partner_kind_named(said) is not null else coalesce(btrim(said), '') = '' end
$$;

drop function if exists open_office(uuid, bytea, text, text, int4, int4, text), change_office(uuid, bytea, text, int4, text, text, text);
create or replace function open_office(request uuid, sent bytea, new_code text, new_name text, new_system int4, new_kind int4, above text, partner text)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'open_office');
  parent_id int4 := (select o.id from office o where o.code = above);
  made office;
begin
  if done.outcome is not null then
    return done;
  elsif coalesce(new_code, '') !~ '^[a-z0-9-]{1,64}$' then
    return directory_refusal(case when coalesce(new_code, '') = '' then 'REQUIRED' else 'BAD_CODE' end, 'office');
  elsif coalesce(btrim(new_name), '') = '' then
    return directory_refusal('REQUIRED', 'name');
  elsif new_system is null or new_system = 0 then
    return directory_refusal('REQUIRED', 'system');
  elsif office_kind(new_kind) is null then
    return directory_refusal('REQUIRED', 'kind');
  elsif parent_id is null then
    return directory_refusal(case when coalesce(above, '') = '' then 'REQUIRED' else 'UNKNOWN_VALUE' end, 'parent');
  elsif not administers(parent_id) then
    return directory_refusal('NOT_YOURS', 'parent');
  elsif exists (select from office o where o.code = new_code) then
    return directory_refusal('CODE_TAKEN', 'office');
  elsif not partner_kind_fits(office_kind(new_kind), partner) then
    return directory_refusal('BAD_PARTNER_KIND', 'partner_kind');
  end if;
  insert into office(code, name, system, kind, parent, partner_kind)
  values (new_code, btrim(new_name), new_system, office_kind(new_kind), parent_id, partner_kind_named(partner))
  returning * into made;
  return directory_event(request, sent, 'open_office', made.uid, made.code, 1, null, office_fields(made), null);
end $$;

create or replace function change_office(request uuid, sent bytea, named text, base int4, new_name text, above text, partner text, why text)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'change_office');
  before office;
  after office;
begin
  if done.outcome is not null then
    return done;
  end if;
  select * into before from office o where o.code = named;
  if before.id is null then
    return directory_refusal('NOT_FOUND', 'office');
  elsif not administers(before.id) then
    return directory_refusal('NOT_YOURS', 'office');
  elsif base is distinct from before.version and base is not null then
    return directory_refusal('VERSION_CONFLICT', 'base_version');
  end if;
  after := before;
  after.name := coalesce(nullif(btrim(new_name), ''), before.name);
  if above is not null then
    select o.id into after.parent from office o where o.code = above;
    if after.parent is null then
      return directory_refusal('UNKNOWN_VALUE', 'parent');
    elsif not administers(after.parent) then
      return directory_refusal('NOT_YOURS', 'parent');
    elsif exists (with recursive up(id) as (select after.parent union select o.parent from office o join up on o.id = up.id where o.parent is not null)
                  select from up where up.id = before.id) then
      return directory_refusal('OWN_SUPERIOR', 'parent');
    end if;
  end if;
  if partner is not null then
    if not partner_kind_fits(before.kind, partner) then
      return directory_refusal('BAD_PARTNER_KIND', 'partner_kind');
    end if;
    after.partner_kind := partner_kind_named(partner);
  end if;
  if office_fields(after) = office_fields(before) then
    return directory_refusal('NO_CHANGE', 'office');
  end if;
  update office o set name = after.name, parent = after.parent, partner_kind = after.partner_kind, version = before.version + 1 where o.id = before.id;
  return directory_event(request, sent, 'change_office', before.uid, before.code, before.version + 1, office_fields(before), office_fields(after), why);
end $$;

-- Pairs a station with a judicial office, or sets another last day. Each side's administrator says so for their own side; it holds
-- once both did.
create or replace function pair_offices(request uuid, sent bytea, station_code text, judicial_code text, first_day timestamptz, last_day timestamptz)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'pair_offices');
  s office;
  j office;
  p pairing;
  day date := coalesce((first_day at time zone 'Asia/Shanghai')::date, today());
begin
  if done.outcome is not null then
    return done;
  end if;
  select * into s from office o where o.code = station_code and o.system = 1;
  select * into j from office o where o.code = judicial_code and o.system = 2;
  if s.id is null or j.id is null then
    return directory_refusal(case when coalesce(case when s.id is null then station_code else judicial_code end, '') = '' then 'REQUIRED' else 'UNKNOWN_VALUE' end,
      case when s.id is null then 'station' else 'judicial' end);
  elsif not administers(s.id) and not administers(j.id) then
    return directory_refusal('NOT_YOURS', 'station');
  elsif (last_day at time zone 'Asia/Shanghai')::date < day then
    return directory_refusal('OUT_OF_RANGE', 'until');
  end if;
  select * into p from pairing x where x.station = s.id and x.judicial = j.id and (x.ended_on is null or x.ended_on > today())
  order by x.started_on desc limit 1;
  if p.station is null then
    insert into pairing(station, judicial, started_on, ended_on, station_agreed, judicial_agreed)
    values (s.id, j.id, day, (last_day at time zone 'Asia/Shanghai')::date + 1, administers(s.id), administers(j.id))
    returning * into p;
  elsif (p.station_agreed or not administers(s.id)) and (p.judicial_agreed or not administers(j.id)) then
    return directory_refusal('NO_CHANGE', 'station');
  else
    update pairing x set station_agreed = x.station_agreed or administers(s.id), judicial_agreed = x.judicial_agreed or administers(j.id)
    where x.station = p.station and x.judicial = p.judicial and x.started_on = p.started_on returning * into p;
  end if;
  return directory_event(request, sent, 'pair_offices', s.uid, s.code, s.version, null,
    jsonb_build_object('judicial', j.code, 'since', p.started_on::text, 'until', (p.ended_on - 1)::text,
      'agreed', (p.station_agreed and p.judicial_agreed)::text), null);
end $$;

-- Either side may part; today is the last day where none is given, and a pairing of which nobody heard yet never holds.
create or replace function part_offices(request uuid, sent bytea, station_code text, judicial_code text, last_day timestamptz, why text)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'part_offices');
  s office;
  j office;
  p pairing;
  day date := coalesce((last_day at time zone 'Asia/Shanghai')::date, today());
begin
  if done.outcome is not null then
    return done;
  end if;
  select * into s from office o where o.code = station_code;
  select * into j from office o where o.code = judicial_code;
  select * into p from pairing x where x.station = s.id and x.judicial = j.id and (x.ended_on is null or x.ended_on > today())
  order by x.started_on desc limit 1;
  if p.station is null then
    return directory_refusal('NOT_FOUND', 'station');
  elsif not administers(s.id) and not administers(j.id) then
    return directory_refusal('NOT_YOURS', 'station');
  elsif coalesce(btrim(why), '') = '' then
    return directory_refusal('REASON_REQUIRED', 'reason');
  end if;
  update pairing x set ended_on = greatest(day, x.started_on) + 1 where x.station = p.station and x.judicial = p.judicial and x.started_on = p.started_on;
  return directory_event(request, sent, 'part_offices', s.uid, s.code, s.version, jsonb_build_object('judicial', j.code, 'until', (p.ended_on - 1)::text),
    jsonb_build_object('judicial', j.code, 'until', greatest(day, p.started_on)::text), why);
end $$;

-- What an administrator may look at of the directory: every office, since codes and names are no secret among devices; its events only
-- of what the administrator looks after.
create or replace function directory_changes(after_seq int8, most int4)
  returns table(seq int8, at timestamptz, office text, officer text, kind text, code text, version int4, field text, old_value text, new_value text, note text)
  stable security definer set search_path = liandong, pg_catalog, pg_temp language sql as $$
  select f.seq, f.at, f.office, f.officer, f.kind, f.no, f.version, c.field, c.old_value, c.new_value, f.note
  from (select * from feed x where x.origin = 0 and x.seq < after_seq and administers(x.actor) order by x.seq desc limit most) f
    left join lateral unnest(f.changed, f.old_values, f.new_values) as c(field, old_value, new_value) on true
$$;

grant execute on function administers(int4), open_office(uuid, bytea, text, text, int4, int4, text, text),
  change_office(uuid, bytea, text, int4, text, text, text, text), pair_offices(uuid, bytea, text, text, timestamptz, timestamptz),
  part_offices(uuid, bytea, text, text, timestamptz, text), directory_changes(int8, int4) to liandong_app;
