-- Records of every kind: their numbers, how one is found, what is told of it, and how it is stored with its event. How it comes to be and
-- changes: record_change.sql; who may: record_rule.sql. Records pass through as jsonb, whose keys are the columns of the kind's table: the
-- table's types are checked when it is stored.

create or replace function record_prefixes() returns text[] immutable parallel safe language sql as $$
  select array['JQ', 'JF', 'YS', 'YJ', 'RW']
$$;
-- Of a key: the number of the enum RecordType.
create or replace function record_type_of(num int8) returns int2 immutable parallel safe language sql as $$
  select greatest(num / 10000000000000, 1)::int2
$$;
-- num -> what people see: JF-2026-000017.
create or replace function record_no(num int8) returns text immutable parallel safe language sql as $$
  select (record_prefixes())[record_type_of(num)] || '-' || (num % 10000000000000 / 1000000000)::text || '-'
    || lpad((num % 1000000000)::text, greatest(length((num % 1000000000)::text), 6), '0')
$$;
create or replace function record_base(type int2, year int4) returns int8 immutable parallel safe language sql as $$
  select case type when 1 then 0 else type * 10000000000000 end + year * 1000000000::int8
$$;

-- "record" of a request -> its key: a full number, a UUID, or the tail of one of this year's where `of_type` says of which kind. reason NULL:
-- found. What the caller may not see is not found: row-level security hides it.
create or replace function record_find(named text, of_type int2, out num int8, out reason text) stable language plpgsql as $$
declare
  ref text := upper(normalize(btrim(named), NFKC));
  parts text[] := regexp_match(ref, '^([A-Z]{2})-([0-9]{4})-([0-9]{1,9})$');
  of_kind record_type;
  base int8;
  step int8;
  hits int8[];
begin
  reason := 'NOT_FOUND';
  if ref ~ '^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$' then
    select f.num into num from feed f where f.request_id = ref::uuid and f.entity = f.request_id and f.num > 0;
  elsif parts is not null then
    select r.num into num from any_record r
    where r.num = record_base(array_position(record_prefixes(), parts[1])::int2, parts[2]::int4) + parts[3]::int8;
  elsif ref ~ '^[0-9]{1,9}$' and of_type is null or of_type = 1 then
    select f.num, f.reason into num, reason from incident_find(named) f;
    return;
  elsif ref ~ '^[0-9]{1,9}$' then
    select * into strict of_kind from record_type t where t.type = of_type;
    base := record_base(of_type, of_kind.year);
    step := 10::int8 ^ length(ref);
    if of_kind.number / step > 10000 then
      reason := 'AMBIGUOUS_NUMBER';
      return;
    end if;
    -- The numbers first: see incident_find.
    execute format('select array_agg(hit.num) from (select r.num from %I r where r.num = any ($1) limit 2) hit', of_kind.name)
      into hits using array(select base + n from generate_series(ref::int8, of_kind.number, step) n);
    if cardinality(hits) > 1 then
      reason := 'AMBIGUOUS_NUMBER';
      return;
    end if;
    num := hits[1];
  end if;
  if num is not null and of_type is not null and record_type_of(num) <> of_type then
    num := null;
  end if;
  if num is not null then
    reason := null;
  end if;
end $$;

-- The value of a field as text, as clients are told it: moments in UTC, offices by their code, lists joined.
create or replace function record_text(field text, value jsonb) returns text stable language plpgsql as $$
declare
  kind text := jsonb_typeof(value);
  plain text := value #>> '{}';
begin
  if kind = 'array' then
    return (select string_agg(e, '、') from jsonb_array_elements_text(value) e);
  elsif kind = 'number' and field like '%\_office' then
    return (select o.code from office o where o.id = plain::int4);
  elsif kind = 'number' and field = 'area' then
    return (select a.code from area a where a.id = plain::int4);
  elsif kind = 'number' and (field like '%\_into' or field = 'about') then
    return record_no(plain::int8);
  elsif kind = 'string' and (field like '%\_at' or field like '%\_to' and plain ~ '^\d{4}-\d\d-\d\dT') then
    return moment_text(plain::timestamptz);
  end if;
  return plain;
end $$;
-- The same, as an event of that record tells it: not the number of another one that is more special than itself, for its events have more readers.
create or replace function record_told(field text, value jsonb, whole jsonb) returns text stable language plpgsql as $$
begin
  if field like '%\_into' then  -- by itself: a condition with a query in it is planned and begun for every field
    if exists (select from any_record r where r.num = (value #>> '{}')::int8 and r.sensitivity > (whole ->> 'sensitivity')::int2) then
      return masked('', false);
    end if;
  end if;
  return record_text(field, value);
end $$;
-- What is told of a record, field by field. `state` belongs to every kind. record_field may also name what a request brings and no column
-- keeps (how a session was held): that is told in its event.
create or replace function record_fields(of_type int2, whole jsonb) returns jsonb stable language plpgsql as $$
begin
  return jsonb_build_object('state', whole ->> 'state')
    || coalesce((select jsonb_object_agg(f.field, case when whole ->> f.field is not null then record_text(f.field, whole -> f.field) end)
      from record_field f where f.type = of_type and f.started_on <= today() and (f.ended_on is null or f.ended_on > today())), '{}');
end $$;

-- How grave a record is that is no incident, as an event's level tells it (1 is the gravest; 0: neither): of a dispute by its colour, of an
-- alert by its severity. Watchers filter, colour and ring by it.
create or replace function record_gravity(whole jsonb) returns int2 immutable parallel safe language sql as $$
  select coalesce(case (whole ->> 'warning')::int2 when 4 then 1 when 3 then 2 when 2 then 3 when 1 then 4 end, (whole ->> 'severity')::int2, 0)::int2
$$;

-- Under whose name an event stands: what a terminal or the end of a deadline brings about by itself was nobody's act, though it came in his session.
create or replace function record_officer(kind text) returns text stable language sql as $$
  select case when kind in ('deliver_transfer', 'settle_alert') then '系统' else coalesce(caller_officer(), '系统') end
$$;

-- An event of a record as it is after it, made by the caller; with nobody calling (a clock) by the system itself, for the office that the
-- record belongs to. What changed is for whoever makes it to say.
create or replace function record_event(after jsonb, wanted text, moment timestamptz, request uuid, sent bytea, why text, out event feed) stable
  language plpgsql as $$
begin
  event.at := moment; event.kind := wanted; event.entity := (after ->> 'id')::uuid; event.num := (after ->> 'num')::int8;
  event.no := record_no(event.num); event.version := (after ->> 'version')::int4; event.state := (after ->> 'state')::int2;
  event.class := 0; event.level := record_gravity(after); event.title := after ->> 'title'; event.note := why; event.act := coalesce(sent, ''); event.request_id := request;
  event.origin := (after ->> 'origin')::int4; event.actor := coalesce(caller_office(), event.origin); event.device := coalesce(caller_device(), 0);
  event.officer := record_officer(wanted);
  select o.code, o.name into strict event.office, event.office_name from office o where o.id = event.actor;
  event.audience := audience_with(audience_now(event.origin, event.entity), (after ->> 'area')::int4)
    || given_to(event.num);
end $$;

-- The request_id of the nth further event that a request brings about: the same again if it is carried out again.
create or replace function record_derived(request uuid, n int4) returns uuid immutable parallel safe language sql as $$
  select md5(request::text || '#' || n::text)::uuid
$$;

-- What differs between two states of a record, as an event tells it: record_fields of both, but only what is not the same already becomes text.
create or replace function record_difference(of_type int2, before jsonb, after jsonb, out changed text[], out old_values text[], out new_values text[])
  stable language plpgsql as $$
declare
  old jsonb := '{"sensitivity": 1}' || jsonb_strip_nulls(before);  -- which goes without saying
  new jsonb := jsonb_strip_nulls(after);
begin
  select array_agg(d.field), array_agg(d.was), array_agg(d.is) into changed, old_values, new_values
  from (select f.field, case when old ? f.field then record_told(f.field, old -> f.field, old) end as was, case when new ? f.field then record_told(f.field, new -> f.field, new) end as is
        from (select 'state' as field union select r.field from record_field r
              where r.type = of_type and r.started_on <= today() and (r.ended_on is null or r.ended_on > today())) f
        where old -> f.field is distinct from new -> f.field
        order by octet_length(f.field), f.field collate "C") d
  where sealed_mark(d.field, d.is) is distinct from sealed_mark(d.field, d.was);
end $$;

-- Writes a record, new or changed, and its event. As the owner, for the runtime role writes no record itself, and because the record may
-- from now on be hidden from whoever changed it.
create or replace function record_store(after jsonb, event feed) returns void language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  perform record_put(after, event.version = 1);
  if event.version > 1 and event.changed is not null then
    perform clock_owners(after);
  end if;
  perform feed_append(event);
  if record_type_of(event.num) = 2 then
    perform joint_note(event);
  end if;
end $$;

-- A number for a new record; the pen is held.
create or replace function record_number(of_type int2, moment timestamptz) returns int8 language plpgsql security definer
  set search_path = liandong, pg_catalog, pg_temp as $$
declare
  this_year int4 := extract(year from moment at time zone 'Asia/Shanghai');
begin
  update record_type t set number = case t.year when this_year then t.number + 1 else 1 end, year = this_year where t.type = of_type;
  return (select record_base(of_type, t.year) + t.number from record_type t where t.type = of_type);
end $$;

grant execute on function record_number(int2, timestamptz), record_store(jsonb, feed) to liandong_app;
