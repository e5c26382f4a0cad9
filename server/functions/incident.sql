-- An incident in words and as the protocol tells it, and finding the one that a person names.

-- num -> what people see: JQ-2026-000123.
create or replace function incident_no(num int8) returns text immutable parallel safe language sql as $$
  select 'JQ-' || (num / 1000000000)::text || '-' || lpad((num % 1000000000)::text, greatest(length((num % 1000000000)::text), 6), '0')
$$;

-- Which one it is, for somebody who reads a line of a feed.
create or replace function incident_title(place text, content text) returns text immutable parallel safe language sql as $$
  select case when place is null then left(content, 30) else place || ' ' || left(content, 30) end
$$;

-- Moments as text, in changes and conflicts.
create or replace function moment_text(moment timestamptz) returns text stable parallel safe language sql as $$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- What a client may see of a record, field by field as text: what changes and conflicts are told in.
create or replace function incident_fields(i incident) returns jsonb stable parallel safe language sql as $$
  select jsonb_build_object('state', i.state::text, 'source', i.source::text, 'class', i.class::text, 'level', i.level::text,
    'external_no', i.external_no, 'occurred_at', moment_text(i.occurred_at), 'dispatched_at', moment_text(i.dispatched_at),
    'arrived_at', moment_text(i.arrived_at), 'feedback_at', moment_text(i.feedback_at), 'closed_at', moment_text(i.closed_at),
    'place', i.place, 'longitude', i.longitude::text, 'latitude', i.latitude::text, 'reporter', i.reporter,
    'reporter_phone', i.reporter_phone, 'content', i.content, 'mass_count', i.mass_count::text, 'dispatched_to', i.dispatched_to,
    'result_code', i.result_code, 'result', i.result, 'void_reason', i.void_reason, 'area', (select a.code from area a where a.id = i.area))
$$;

-- "incident" of a request -> its key: a full number (JQ-2026-000123), the tail of this year's that fits only one the caller sees,
-- or a UUID. reason NULL: found. What the caller may not see is not found: row-level security hides it.
create or replace function incident_find(named text, out num int8, out reason text) stable language plpgsql as $$
declare
  ref text := upper(normalize(btrim(named), NFKC));
  of_year int8 := (select extract(year from h.day)::int8 * 1000000000 from feed_head h);
  last int4;
  step int8;
  hits int8[];
begin
  reason := 'NOT_FOUND';
  if ref ~ '^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$' then
    select f.num into num from feed f where f.request_id = ref::uuid and f.kind = 'report_incident';
  elsif ref ~ '^JQ-[0-9]{4}-[0-9]{1,9}$' then
    select i.num into num from incident i
    where i.num = substr(ref, 4, 4)::int8 * 1000000000 + substr(ref, 9)::int8;
  elsif ref ~ '^[0-9]{1,9}$' then
    step := 10::int8 ^ length(ref);
    last := (select h.number from feed_head h);
    if last / step > 10000 then  -- so short a tail fits many: not worth the search
      reason := 'AMBIGUOUS_NUMBER';
      return;
    end if;
    -- The numbers first: adding within the condition counts as leaky beside row-level security, and no index is used then (PostgreSQL 15.20).
    select array_agg(hit.num) into hits from (
      select i.num from incident i where i.num = any (array(select of_year + n from generate_series(ref::int8, last, step) n)) limit 2) hit;
    if cardinality(hits) > 1 then
      reason := 'AMBIGUOUS_NUMBER';
      return;
    end if;
    num := hits[1];
  end if;
  if num is not null then
    reason := null;
  end if;
end $$;

-- What stands where a value is that the caller may not see. No value, no mark.
create or replace function masked(value text, shown bool) returns text immutable parallel safe language sql as $$
  select case when shown or value is null then value else '〔无权查看〕' end
$$;

-- Telephone and identity numbers within free text, for who may not see who reported: as server/feed/mask.h hides them in events.
create or replace function numbers_hidden(value text, shown bool) returns text immutable parallel safe language sql as $$
  select case when shown or value is null or value !~ '[0-9]{11}' then value else regexp_replace(value,
    '(?<![0-9])(1[3-9][0-9]{9}|[0-9]{6}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx])(?![0-9])', '***********', 'g') end
$$;

-- A value of a field for whoever sees the record; `shown`: also who reported it. A sealed place is marked by a '~' before its token: the
-- server hides the numbers when it has opened it (SEAL_STARRED in common/seal.h).
create or replace function told(field text, value text, shown bool) returns text immutable parallel safe language sql as $$
  select case when shown or value is null then value when identity_field(field) then masked(value, false)
    when sealed_field(field) and sealed(value) then '~' || value else numbers_hidden(value, false) end
$$;

-- Whether the caller may be told who reported this record, and the number: identity is S2, whatever the record is.
create or replace function identity_known(i incident) returns bool stable parallel safe language plpgsql as $$
begin
  return coalesce(record_marks(0, i.origin, greatest(i.sensitivity, 2::int2), i.area) && rights_beyond() or i.num = any (records_opened(2::int2)), false);
end $$;
-- And whether he is with the record itself: the office that entered it. Anybody else has to say what for: reveal.sql.
create or replace function identity_shown(i incident) returns bool stable parallel safe language plpgsql as $$
begin
  return i.origin = caller_office() and identity_known(i);
end $$;

-- A record as the protocol's message Incident tells it; with identity only to whom `identity` says, and never in lists, so that what is
-- sealed does not even leave the database. Inlined by the planner: costs a join with office.
drop function if exists incident_record(incident), incident_record(incident, bool);
create or replace function incident_record(i incident, identity bool)
  returns table(id uuid, no text, version int4, state int2, source int2, class int2, level int2, external_no text, occurred_at timestamptz,
    received_at timestamptz, dispatched_at timestamptz, arrived_at timestamptz, feedback_at timestamptz, closed_at timestamptz, place text,
    longitude float8, latitude float8, reporter text, reporter_phone text, content text, threats int2[], mass_count int4,
    dispatched_to text, result_code text, result text, origin_office text, origin_office_name text, created_by text,
    created_at timestamptz, updated_by text, updated_at timestamptz, void_reason text, repeat_count int4, sensitivity int2,
    area text, area_name text)
  stable parallel safe language sql as $$
  select i.id, incident_no(i.num), i.version, i.state, i.source, i.class, i.level, i.external_no, i.occurred_at, i.received_at,
    i.dispatched_at, i.arrived_at, i.feedback_at, i.closed_at, told('place', i.place, identity), i.longitude, i.latitude,
    told('reporter', i.reporter, identity), told('reporter_phone', i.reporter_phone, identity), told('content', i.content, identity),
    i.threats, i.mass_count, i.dispatched_to, i.result_code, told('result', i.result, identity), o.code, o.name, i.created_by, i.created_at, i.updated_by,
    i.updated_at, i.void_reason, i.repeat_count, i.sensitivity, a.code, a.name
  from office o left join area a on a.id = i.area where o.id = i.origin
$$;

grant execute on function incident_no(int8), incident_title(text, text), moment_text(timestamptz), incident_fields(incident),
  incident_find(text), masked(text, bool), numbers_hidden(text, bool), told(text, text, bool), identity_known(incident), identity_shown(incident), incident_record(incident, bool) to liandong_app;
