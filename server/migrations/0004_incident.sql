-- Incidents (警情), as they stand now; how they came to be so is in the feed.
create table incident(
  num int8 primary key,            -- year * 10^9 + number of the year; in order of commit
  id uuid not null,                -- the request_id of its report: feed_request is its index
  version int4 not null,
  state int2 not null,
  source int2 not null,
  class int2 not null,
  level int2 not null,
  external_no text,
  occurred_at timestamptz,
  received_at timestamptz not null,
  dispatched_at timestamptz,
  arrived_at timestamptz,
  feedback_at timestamptz,
  closed_at timestamptz,
  place text collate "C",          -- compared byte by byte: the index on it is on the way of every report
  longitude float8,
  latitude float8,
  reporter text,
  reporter_phone text collate "C",
  content text not null,
  threats int2[],
  mass_count int4,
  dispatched_to text,
  result_code text,
  result text,
  origin int4 not null,            -- office that entered it
  created_by text not null,
  created_at timestamptz not null,
  updated_by text not null,
  updated_at timestamptz not null,
  void_reason text,
  repeat_count int4 not null,      -- as it was known when it was reported
  events int8[] not null);         -- its events in the feed, oldest first
grant select, insert, update on incident to liandong_app;

-- Lists: newest received first, per office that entered it; a reader's list is the merge of those it sees. The rest of the index
-- answers the usual filters without a look at the table.
create index incident_list on incident(origin, received_at desc, num desc) include (state, class, level);
-- Those who call again: same phone, same place.
create index incident_phone on incident(reporter_phone, received_at) where reporter_phone is not null;
create index incident_place on incident(place, received_at) where place is not null;

-- num -> what people see: JQ-2026-000123.
create function incident_no(num int8) returns text immutable parallel safe language sql as $$
  select 'JQ-' || (num / 1000000000)::text || '-' || lpad((num % 1000000000)::text, greatest(length((num % 1000000000)::text), 6), '0')
$$;

-- Which one it is, for somebody who reads a line of a feed.
create function incident_title(place text, content text) returns text immutable parallel safe language sql as $$
  select case when place is null then left(content, 30) else place || ' ' || left(content, 30) end
$$;

-- Moments as text, in changes and conflicts.
create function moment_text(moment timestamptz) returns text stable parallel safe language sql as $$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- What a client may see of a record, field by field as text: what changes and conflicts are told in.
create function incident_fields(i incident) returns jsonb stable parallel safe language sql as $$
  select jsonb_build_object('state', i.state::text, 'source', i.source::text, 'class', i.class::text, 'level', i.level::text,
    'external_no', i.external_no, 'occurred_at', moment_text(i.occurred_at), 'dispatched_at', moment_text(i.dispatched_at),
    'arrived_at', moment_text(i.arrived_at), 'feedback_at', moment_text(i.feedback_at), 'closed_at', moment_text(i.closed_at),
    'place', i.place, 'longitude', i.longitude::text, 'latitude', i.latitude::text, 'reporter', i.reporter,
    'reporter_phone', i.reporter_phone, 'content', i.content, 'mass_count', i.mass_count::text, 'dispatched_to', i.dispatched_to,
    'result_code', i.result_code, 'result', i.result, 'void_reason', i.void_reason)
$$;

grant execute on function incident_no(int8), incident_title(text, text), moment_text(timestamptz), incident_fields(incident) to liandong_app;
