-- Whether the records say what their history says. The feed is chained and signed (audit.sql); the tables beside it are not, and who has
-- the database's superuser may write into them. What a record comes to is worked out again from its events and compared with what stands.
--
-- Known limits. The rules (right_rule, incident_transition, threshold …), the directory and the blind indexes are no part of it: rules are the
-- operator's to set, and what a blind index should be only the server's keys can tell. Nor are these functions themselves: a superuser can put
-- others in their place, which the next `liandongd migrate` undoes. Decision 2026-11: worked out in PostgreSQL, where
-- both are, one record after the other: 3,000 records took 0.6 s (a busy machine), and memory does not grow with them.

-- What a report said, field by field as incident_fields tells it: the message ReportIncident as it was sent, read by the rules of
-- protobuf's encoding. Numbers of 8 bytes as float8send gives them, in hex. Threats, which repeat, are left out.
create or replace function report_told(act bytea) returns jsonb immutable parallel safe language plpgsql as $$
declare
  names text[] := '{source,class,level,external_no,occurred_at,received_at,place,longitude,latitude,reporter,reporter_phone,content,threats,mass_count,area}';
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
-- there is none. `events`: those that the feed has of it.
drop function if exists record_fault(incident, feed, int8, int8);
create or replace function record_fault(i incident, report feed, events int8[]) returns text stable language plpgsql as $$
declare
  told jsonb;
  later jsonb;  -- what changed since, the last word on each field
  newest feed;
  touched feed := report;
begin
  if report.seq is null then
    return 'INVENTED';
  elsif i.events is distinct from events then
    return 'events';
  end if;
  told := report_told(report.act);
  select * into newest from feed f where f.seq = events[cardinality(events)];
  if cardinality(events) > 1 then
    select jsonb_object_agg(c.field, c.value order by f.seq) into later
    from feed f cross join lateral unnest(f.changed, f.new_values) as c(field, value) where f.seq = any (i.events);
    select * into touched from feed f where f.seq = any (i.events) and f.kind not in ('reveal_incident', 'break_glass', 'decide_review', 'ask_approval', 'decide_approval', 'deadline_near',
      'deadline_breached', 'attached')
    order by f.seq desc limit 1;
  end if;
  later := coalesce(later, '{}');
  return coalesce(
    (select c.field from (values
      ('id', i.id = report.request_id and i.num = report.num and i.origin = report.origin), ('version', i.version = newest.version), ('state', i.state = newest.state),
      ('class', i.class = newest.class), ('level', i.level = newest.level), ('created', i.created_by = report.officer and i.created_at = report.at),
      ('updated', i.updated_by = touched.officer and i.updated_at = touched.at), ('threats', i.threats is not distinct from report.threats), ('repeat_count', i.repeat_count = report.repeat_count),
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
       when now.key = 'area' then nullif(told ->> now.key, '')
       when now.key = 'source' then coalesce(nullif(told ->> 'source', '0'), now.value)  -- else the office's own
       when now.key in ('state', 'class', 'level', 'longitude', 'latitude') then now.value end  -- see above
     order by now.key limit 1));
end $$;

-- Whose a name in the feed is: accounts are written "name code".
create or replace function account_named(officer text) returns int8 stable language plpgsql as $$
begin
  return (select a.id from account a where a.code = substring(officer from '[^ ]+$'));
end $$;

-- Accesses by name that no event explains, that last otherwise than it says, or are gone: the record's number; NULL: none. One that ends
-- before what was said ended by a later event about the same person, or a second after all that was taken had to end (glass_shut).
create or replace function access_fault() returns text stable language plpgsql as $$
begin
  return (
    with told as (
        select f.entity as record, f.no, f.at, f.kind, case when f.kind = 'grade_incident' then '9999-12-31' else f.new_values[2] end as until,
          case when f.kind = 'grade_incident' then account_named(f.officer) else (select a.id from account a where a.code = f.new_values[1]) end as account
        from feed f where f.kind in ('grant_access', 'break_glass') and f.changed[1] <> 'opened_to' or f.kind = 'grade_incident' and f.new_values[1] = '4'
      ), entered as (
        select f.entity as record, f.no, f.at, account_named(f.officer) as account from record_access a join feed f on f.request_id = a.record
        where f.kind = 'report_incident' and f.at = a.since
      )
    select coalesce(t.no, (select f.no from feed f where f.request_id = a.record), a.record::text)
    from record_access a full join told t on t.record = a.record and t.account = a.account and t.at = a.since
    where a.record is null
      or t.record is null and not exists (select from entered e where e.record = a.record and e.account = a.account
        and (a.until = any (select a.since + make_interval(days => r.days) from entered_rule r) or access_ended(a, '9999-12-31')))
      or t.record is not null and (a.glass <> (t.kind = 'break_glass')
        or not (moment_text(a.until) = t.until or t.kind = 'grade_incident' and a.until = '9999-01-01' or access_ended(a, t.until)))
    limit 1);
end $$;

create or replace function access_ended(a record_access, said text) returns bool stable language plpgsql as $$
begin
  return moment_text(a.until) < said and exists (
    select from feed r join any_record i on i.num = r.num cross join lateral unnest(i.events) e(seq) join feed f on f.seq = e.seq join account w on w.id = a.account
    where r.request_id = a.record and r.entity = a.record and f.at >= a.since
      and (f.at = a.until and (f.kind in ('withdraw_access', 'grant_access', 'decide_review') and w.code in (f.old_values[1], f.new_values[1])
          or f.kind = 'grade_incident' and account_named(f.officer) = a.account)
        or a.glass and f.kind = 'grade_incident' and f.new_values[1] = '4' and f.at + interval '1 second' = a.until));
end $$;

-- The same of what is open to offices: by an event of the record, or from its first one on to whom it is addressed.
create or replace function opening_fault() returns text stable language plpgsql as $$
begin
  return (
    with told as (
        select r.num, f.at, f.kind, f.version, o.id as office, f.new_values[2] as until
        from any_record r cross join unnest(r.events) e(seq) join feed f on f.seq = e.seq left join office o on o.code = coalesce(f.new_values[1], f.old_values[1])
        where f.kind in ('grant_access', 'withdraw_access') and f.changed[1] = 'opened_to' or f.version = 1
      )
    select record_no(coalesce(g.num, t.num))
    from record_office g full join (select * from told where kind = 'grant_access') t on t.num = g.num and t.office = g.office and t.at = g.since
    where g.num is null
      or t.num is null and not (g.cause = g.num and exists (select from told x where x.num = g.num and x.version = 1 and x.at = g.since))
      or isfinite(g.until) and moment_text(g.until) is distinct from t.until
        and not exists (select from told x where x.num = g.num and x.office = g.office and x.kind = 'withdraw_access' and x.at = g.until)
    limit 1);
end $$;

-- What was taken on a scene and judged of it, against its events.
create or replace function review_fault() returns text stable language plpgsql as $$
begin
  return (select coalesce(r.no, f.no)
    from glass_review r full join (select * from feed x where x.kind = 'break_glass') f on f.entity = r.record and f.at = r.opened_at and f.officer = r.officer
    where r.id is null or f.seq is null or r.reason is distinct from f.note
      or r.justified is not null and not exists (select from feed d where d.kind = 'decide_review' and d.entity = r.record and d.at = r.decided_at
        and d.officer = r.decided_by and d.note = r.remark and d.new_values[cardinality(d.new_values)] = case when r.justified then '3' else '4' end)
      or r.justified is null and r.decided_at is not null
    limit 1);
end $$;

-- A second person's word that nobody gave, or that was given otherwise.
create or replace function approval_fault() returns text stable language plpgsql as $$
begin
  return (select coalesce(p.no, f.said ->> 'incident', '#' || coalesce(p.id::text, f.no))
    from approval p full join (select x.*, (select jsonb_object_agg(c.k, c.v) from unnest(x.changed, x.new_values) c(k, v)) as said
      from feed x where x.kind = 'decide_approval' and x.num = 0) f on f.entity = p.uid
    where p.id is null
      or f.seq is null and (p.agreed is not null or p.used_at is not null)
      or f.seq is not null and (p.agreed is distinct from (f.said ->> 'agreed')::bool or p.kind is distinct from f.said ->> 'request'
        or p.no is distinct from f.said ->> 'incident' or p.officer is distinct from f.said ->> 'officer' or p.decided_by is distinct from f.officer)
    limit 1);
end $$;

-- What search finds records by, and for whom: as it would be worked out now.
create or replace function search_fault() returns text stable language plpgsql as $$
begin
  return coalesce(
    (select incident_no(i.num) from search_head h join incident i on i.num <= h.done left join incident_search s using (num)
     where (s.origin, s.received_at, s.sensitivity, s.area, s.words, s.place_pairs)
       is distinct from (i.origin, i.received_at, i.sensitivity, i.area, incident_words(i), sealed_pairs(i.place_pairs)) limit 1),
    (select incident_no(h.done) from search_head h where h.done > coalesce((select max(i.num) from incident i), 0)));
end $$;

-- The same of a record of another kind, whose fields all stand in its events: each by the last word on it.
create or replace function other_fault(of_num int8, whole jsonb, events int8[]) returns text stable language plpgsql as $$
declare
  later jsonb;
  newest feed;
begin
  if events is null then
    return 'INVENTED';
  elsif whole is null then
    return 'MISSING';
  elsif whole -> 'events' is distinct from to_jsonb(events) then
    return 'events';
  end if;
  select * into newest from feed f where f.seq = events[cardinality(events)];
  select '{"sensitivity": "1"}' || coalesce(jsonb_object_agg(c.field, c.value order by f.seq), '{}') into later
  from feed f cross join lateral unnest(f.changed, f.new_values) as c(field, value) where f.seq = any (events);
  return coalesce(
    case when newest.version <> (whole ->> 'version')::int4 then 'version' when newest.state <> (whole ->> 'state')::int2 then 'state'
      when newest.origin <> (whole ->> 'origin')::int4 then 'origin' end,
    (select now.key from jsonb_each_text(record_fields(record_type_of(of_num), whole)) now
     where whole ? now.key and now.value is distinct from later ->> now.key
       and not (now.key like '%\_into' and now.value is not null and later ->> now.key = masked('', false)) order by now.key limit 1));  -- what only events tell is no column
end $$;

-- All records. first_broken: number and field of the first that differs; broken: how many do.
create or replace function records_verify(out checked int8, out broken int8, out first_broken text)
  stable language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  r record;
  kind record_type;
  fault text;
  what text;
begin
  checked := 0;
  broken := 0;
  for r in
    select i, i.num is null as gone, f, t.num, t.events
    from incident i full join (select f.num, array_agg(f.seq order by f.seq) as events from feed f where f.num > 0 and record_type_of(f.num) = 1 group by f.num) t on t.num = i.num
      left join feed f on f.request_id = i.id and f.kind = 'report_incident'
  loop
    begin
      fault := case when r.gone then 'MISSING' else record_fault(r.i, r.f, r.events) end;
    exception when others then  -- bytes that are no message: somebody changed them
      fault := 'UNREADABLE';
    end;
    checked := checked + 1;
    if fault is not null then
      broken := broken + 1;
      first_broken := coalesce(first_broken, incident_no(coalesce((r.i).num, r.num)) || ' ' || fault);
    end if;
  end loop;
  for kind in select * from record_type t where t.type > 1 loop
    for r in execute format('select coalesce(o.num, t.num) as num, to_jsonb(o) as whole, t.events from %I o full join (select f.num, array_agg(f.seq order by f.seq) as events'
      || ' from feed f where f.num between $1 and $2 group by f.num) t on t.num = o.num', kind.name) using record_base(kind.type, 0), record_base((kind.type + 1)::int2, 0) - 1
    loop
      fault := other_fault(r.num, case when r.whole ->> 'num' is not null then r.whole end, r.events);
      checked := checked + 1;
      if fault is not null then
        broken := broken + 1;
        first_broken := coalesce(first_broken, record_no(r.num) || ' ' || fault);
      end if;
    end loop;
  end loop;
  for what, fault in values ('access', access_fault()), ('opening', opening_fault()), ('review', review_fault()), ('approval', approval_fault()), ('search', search_fault()) loop
    if fault is not null then
      broken := broken + 1;
      first_broken := coalesce(first_broken, fault || ' ' || what);
    end if;
  end loop;
end $$;

grant execute on function report_told(bytea), records_verify() to liandong_app;
