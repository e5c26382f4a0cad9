-- Whether the records say what their history says. The feed is chained and signed (audit.sql); the tables beside it are not, and who has
-- the database's superuser may write into them. What a record comes to is worked out again from its events and compared with what stands.
--
-- Known limits. The rules (right_rule, incident_transition, threshold …), the directory and phone_index are no part of it: rules are the
-- operator's to set, and what a blind index should be only the server's keys can tell. Decision 2026-11: worked out in PostgreSQL, where
-- both are, one record after the other: 3,000 records took 0.6 s (a busy machine), and memory does not grow with them.

-- What a report said, field by field as incident_fields tells it: the message ReportIncident as it was sent, read by the rules of
-- protobuf's encoding. Numbers of 8 bytes as float8send gives them, in hex. Threats, which repeat, are left out.
create or replace function report_told(act bytea) returns jsonb immutable parallel safe language plpgsql as $$
declare
  names text[] := '{source,class,level,external_no,occurred_at,received_at,place,longitude,latitude,reporter,reporter_phone,content,threats,mass_count}';
  told jsonb := '{}';
  at int4 := 0;
  tag int8;
  v int8;
  shift int4;
  name text;
begin
  while at < length(act) loop
    tag := null;
    loop  -- the tag, then for most kinds a second number
      v := 0;
      shift := 0;
      loop
        v := v | ((get_byte(act, at) & 127)::int8 << shift);
        at := at + 1;
        exit when get_byte(act, at - 1) < 128;
        shift := shift + 7;
      end loop;
      exit when tag is not null;
      tag := v;
      exit when tag & 7 in (1, 5);
    end loop;
    name := names[tag >> 3];
    case tag & 7
    when 0 then
      told := told || jsonb_build_object(name, case when name in ('occurred_at', 'received_at')
        then moment_text('epoch'::timestamptz + v * interval '1 millisecond') else v::text end);
    when 1 then
      told := told || jsonb_build_object(name, encode(substr(act, at + 8, 1) || substr(act, at + 7, 1) || substr(act, at + 6, 1) || substr(act, at + 5, 1)
        || substr(act, at + 4, 1) || substr(act, at + 3, 1) || substr(act, at + 2, 1) || substr(act, at + 1, 1), 'hex'));
      at := at + 8;
    when 2 then
      if name <> 'threats' then
        told := told || jsonb_build_object(name, convert_from(substr(act, at + 1, v::int4), 'UTF8'));
      end if;
      at := at + v::int4;
    else
      at := at + 4;
    end case;
  end loop;
  return told;
end $$;

-- What of a record differs from what its events say: the name of one such field; NULL: nothing. `report`: its first event, NULL where
-- there is none. `last`, `count`: of its events in the feed.
create or replace function record_fault(i incident, report feed, last int8, count int8) returns text stable language plpgsql as $$
declare
  told jsonb;
  later jsonb;  -- what changed since, the last word on each field
  newest feed;
begin
  if report.seq is null then
    return 'INVENTED';
  elsif i.events[cardinality(i.events)] is distinct from last or cardinality(i.events) is distinct from count::int4 then
    return 'events';
  end if;
  told := report_told(report.act);
  select * into newest from feed f where f.seq = last;
  if count > 1 then
    select jsonb_object_agg(c.field, c.value order by f.seq) into later
    from feed f cross join lateral unnest(f.changed, f.new_values) as c(field, value) where f.seq = any (i.events);
  end if;
  later := coalesce(later, '{}');
  return coalesce(
    (select c.field from (values
      ('id', i.id = report.request_id and i.num = report.num and i.origin = report.origin), ('version', i.version = newest.version), ('state', i.state = newest.state),
      ('class', i.class = newest.class), ('level', i.level = newest.level), ('created', i.created_by = report.officer and i.created_at = report.at),
      ('threats', i.threats is not distinct from report.threats), ('repeat_count', i.repeat_count = report.repeat_count),
      ('received_at', moment_text(i.received_at) = coalesce(told ->> 'received_at', moment_text(report.at))),
      ('longitude', later ? 'longitude' or encode(float8send(i.longitude), 'hex') is not distinct from told ->> 'longitude'),
      ('latitude', later ? 'latitude' or encode(float8send(i.latitude), 'hex') is not distinct from told ->> 'latitude'),
      ('sensitivity', i.sensitivity = coalesce((later ->> 'sensitivity')::int2, (select c.sensitivity from class_sensitivity c
         where c.class = report.class and c.started_on <= (report.at at time zone 'Asia/Shanghai')::date
           and (c.ended_on is null or c.ended_on > (report.at at time zone 'Asia/Shanghai')::date) order by c.started_on desc limit 1), 1))) as c(field, good)
     where not c.good limit 1),
    (select now.key from jsonb_each_text(incident_fields(i)) now
     where now.value is distinct from case
       when later ? now.key then later ->> now.key
       when now.key in ('place', 'reporter', 'reporter_phone') then nullif(told ->> now.key, '')
       when now.key in ('external_no', 'occurred_at', 'content', 'mass_count') then told ->> now.key
       when now.key = 'source' then coalesce(nullif(told ->> 'source', '0'), now.value)  -- else the office's own
       when now.key in ('state', 'class', 'level', 'longitude', 'latitude') then now.value end  -- see above
     order by now.key limit 1));
end $$;

-- Accesses by name that no event explains: the record's number; NULL: none.
create or replace function access_fault() returns text stable language plpgsql as $$
begin
  return (select coalesce((select f.no from feed f where f.request_id = a.record), a.record::text)
    from record_access a
    where not exists (select from feed r join incident i on i.num = r.num cross join lateral unnest(i.events) e(seq) join feed f on f.seq = e.seq
        join account w on w.id = a.account
      where r.request_id = a.record and r.kind = 'report_incident' and f.at = a.since
      and (f.kind = 'grade_incident'
        or f.kind = 'report_incident' and a.until <= a.since + make_interval(days => (select max(r.days) from entered_rule r))
        or f.kind in ('grant_access', 'break_glass') and f.new_values[1] = w.code and moment_text(a.until) <= f.new_values[2]))
    limit 1);
end $$;

-- All records. first_broken: number and field of the first that differs; broken: how many do.
create or replace function records_verify(out checked int8, out broken int8, out first_broken text)
  stable language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  r record;
  fault text;
begin
  checked := 0;
  broken := 0;
  for r in
    select i, i.num is null as gone, f, t.num, t.last, t.count
    from incident i full join (select f.num, max(f.seq) as last, count(*) as count from feed f where f.num > 0 group by f.num) t on t.num = i.num
      left join feed f on f.request_id = i.id and f.kind = 'report_incident'
  loop
    begin
      fault := case when r.gone then 'MISSING' else record_fault(r.i, r.f, r.last, r.count) end;
    exception when others then  -- bytes that are no message: somebody changed them
      fault := 'UNREADABLE';
    end;
    checked := checked + 1;
    if fault is not null then
      broken := broken + 1;
      first_broken := coalesce(first_broken, incident_no(coalesce((r.i).num, r.num)) || ' ' || fault);
    end if;
  end loop;
  fault := access_fault();
  if fault is not null then
    broken := broken + 1;
    first_broken := coalesce(first_broken, fault || ' access');
  end if;
end $$;

grant execute on function report_told(bytea), records_verify() to liandong_app;
