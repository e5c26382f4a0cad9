-- Finding what a person names, and turning pages.

-- "incident" of a request -> its key: a full number (JQ-2026-000123), the tail of this year's that fits only one the caller sees,
-- or a UUID. reason NULL: found. What the caller may not see is not found.
create function incident_find(named text, out num int8, out reason text) stable language plpgsql as $$
declare
  ref text := upper(normalize(btrim(named), NFKC));
  of_year int8 := (select extract(year from h.day)::int8 * 1000000000 from feed_head h);
  last int4;
  step int8;
  hits int8[];
begin
  reason := 'NOT_FOUND';
  if ref ~ '^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$' then
    select f.num into num from feed f where f.request_id = ref::uuid and f.kind = 'report_incident' and visible(f.origin);
  elsif ref ~ '^JQ-[0-9]{4}-[0-9]{1,9}$' then
    select i.num into num from incident i
    where i.num = substr(ref, 4, 4)::int8 * 1000000000 + substr(ref, 9)::int8 and visible(i.origin);
  elsif ref ~ '^[0-9]{1,9}$' then
    step := 10::int8 ^ length(ref);
    last := (select h.number from feed_head h);
    if last / step > 10000 then  -- so short a tail fits many: not worth the search
      reason := 'AMBIGUOUS_NUMBER';
      return;
    end if;
    select array_agg(hit.num) into hits from (
      select i.num from generate_series(ref::int8, last, step) n join incident i on i.num = of_year + n
      where i.origin = any (caller_sees()) limit 2) hit;
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

-- A page begins after (received_at, num) of the last row of the page before. The client holds it as 16 bytes; what is no such
-- thing leads to an empty page.
create function page_token(at timestamptz, num int8) returns bytea stable strict parallel safe language sql as $$
  select timestamptz_send(at) || int8send(num)
$$;
create function page_int8(page bytea, from_byte int4) returns int8 immutable strict parallel safe language sql as $$
  select ('x' || encode(substr(page, from_byte, 8), 'hex'))::bit(64)::int8
$$;
create function page_at(page bytea) returns timestamptz immutable parallel safe language sql as $$
  select case when page is null then 'infinity'
              when length(page) = 16 and page_int8(page, 1) between -63e15 and 253e15  -- microseconds from 2000: years 4 to 9999
              then '2000-01-01 00:00:00+00'::timestamptz + page_int8(page, 1) * interval '1 microsecond'
              else '-infinity' end
$$;
create function page_num(page bytea) returns int8 immutable parallel safe language sql as $$
  select case when length(page) = 16 then page_int8(page, 9) else 9223372036854775807 end
$$;
create function page_size(wanted int4) returns int4 immutable parallel safe language sql as $$
  select least(greatest(coalesce(wanted, 50), 1), 500)
$$;

-- A record as the protocol's message Incident tells it. Inlined by the planner: costs a join with office.
create function incident_record(i incident)
  returns table(id uuid, no text, version int4, state int2, source int2, class int2, level int2, external_no text, occurred_at timestamptz,
    received_at timestamptz, dispatched_at timestamptz, arrived_at timestamptz, feedback_at timestamptz, closed_at timestamptz, place text,
    longitude float8, latitude float8, reporter text, reporter_phone text, content text, threats int2[], mass_count int4,
    dispatched_to text, result_code text, result text, origin_office text, origin_office_name text, created_by text,
    created_at timestamptz, updated_by text, updated_at timestamptz, void_reason text, repeat_count int4)
  stable parallel safe language sql as $$
  select i.id, incident_no(i.num), i.version, i.state, i.source, i.class, i.level, i.external_no, i.occurred_at, i.received_at,
    i.dispatched_at, i.arrived_at, i.feedback_at, i.closed_at, i.place, i.longitude, i.latitude, i.reporter, i.reporter_phone, i.content,
    i.threats, i.mass_count, i.dispatched_to, i.result_code, i.result, o.code, o.name, i.created_by, i.created_at, i.updated_by,
    i.updated_at, i.void_reason, i.repeat_count
  from office o where o.id = i.origin
$$;

grant execute on function incident_find(text), page_token(timestamptz, int8), page_int8(bytea, int4), page_at(bytea), page_num(bytea),
  page_size(int4), incident_record(incident) to liandong_app;
