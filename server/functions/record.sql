-- Records of every kind: their numbers, how one is found, and the one way in which those that are not incidents come to be and change.
-- Each request is a thin .sql file that names its kind and the fields it sets; who may, from which state to which, is data
-- (record_transition, record_field). What only one kind knows stands in two functions of its own, called by name:
--   <kind>_prepare(wanted, before, given, moment, out patch, out field, out reason): what is wrong with the values, or what else
--     the change sets; a creation has before = NULL
--   <kind>_follow(wanted, before, after, given, event): what else comes of it, in the same transaction: rows, links, further events
-- Records pass through here as jsonb, whose keys are the columns of the kind's table: the table's types are checked when it is stored.
-- Incidents have paths of their own (report.sql, change.sql), for they are the hot ones.

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

-- A record as its columns, whatever its kind; NULL where the caller does not see it.
create or replace function record_row(of_num int8) returns jsonb stable language plpgsql as $$
declare
  whole jsonb;
begin
  execute format('select to_jsonb(r) from %I r where r.num = $1', (select t.name from record_type t where t.type = record_type_of(of_num)))
    into whole using of_num;
  return whole;
end $$;

-- The value of a field as text, as clients are told it: moments in UTC, offices by their code, lists joined.
create or replace function record_text(field text, value jsonb) returns text stable language sql as $$
  select case jsonb_typeof(value)
    when 'array' then (select string_agg(e, '、') from jsonb_array_elements_text(value) e)
    when 'number' then case when field like '%\_office' then (select o.code from office o where o.id = (value #>> '{}')::int4)
      when field like '%\_into' or field = 'about' then record_no((value #>> '{}')::int8) else value #>> '{}' end
    when 'string' then case when field like '%\_at' or field like '%\_to' and value #>> '{}' ~ '^\d{4}-\d\d-\d\dT' then moment_text((value #>> '{}')::timestamptz)
      else value #>> '{}' end
    else value #>> '{}' end
$$;
-- What is told of a record, field by field. `state` belongs to every kind. record_field may also name what a request brings and no column
-- keeps (how a session was held): that is told in its event.
create or replace function record_fields(of_type int2, whole jsonb) returns jsonb stable language sql as $$
  select jsonb_build_object('state', whole ->> 'state')
    || coalesce((select jsonb_object_agg(f.field, record_text(f.field, whole -> f.field)) from record_field f where f.type = of_type and f.started_on <= today()
        and (f.ended_on is null or f.ended_on > today())), '{}')
$$;

-- Whether a record fulfils a transition's condition.
create or replace function record_fulfils(condition text, whole jsonb) returns bool immutable language sql as $$
  select condition is null
    or (coalesce(whole ->> split_part(ltrim(condition, '!'), ':', 1), '') = any (string_to_array(split_part(condition, ':', 2), ','))) <> (condition like '!%')
$$;

-- The transition that lets the caller make this change now; else why not: as incident_rule.
create or replace function record_rule(of_type int2, wanted text, whole jsonb, out rule record_transition, out reason text) stable language plpgsql as $$
declare
  me office;
  t record_transition;
  only_read bool := given_to_read((whole ->> 'num')::int8, (whole ->> 'origin')::int4, (whole ->> 'area')::int4, (whole ->> 'id')::uuid);
begin
  select * into me from office o where o.id = caller_office();
  reason := 'NOT_YOURS';
  for t in
    select * from record_transition x
    where x.type = of_type and x.kind = wanted and me.system = any (x.systems) and x.started_on <= today() and (x.ended_on is null or x.ended_on > today())
    order by x.from_state = (whole ->> 'state')::int2, record_fulfils(x.condition, whole), caller_role() = any (x.roles),
      x.side is null or record_mine(x.side, whole), x.to_state <> x.from_state
  loop
    rule := t;
    reason := case
      when t.side is not null and not record_mine(t.side, whole) or t.side is null and only_read then 'NOT_YOURS'
      when coalesce(caller_role() <> all (t.roles), true) or not record_fulfils(t.condition, whole) then 'ROLE_NOT_ALLOWED'
      when t.from_state <> (whole ->> 'state')::int2 then 'ILLEGAL_TRANSITION' end;
    exit when reason is null;
  end loop;
end $$;
-- What the caller could do to move a record on; and which roles of the caller's side may make this change: as incident_moves and _roles.
create or replace function record_moves(of_type int2, whole jsonb) returns text[] stable language sql as $$
  select array_agg(x.kind order by x.to_state)
  from (select t.kind, min(t.to_state) as to_state from record_transition t, office me
    where t.type = $1 and me.id = caller_office() and t.from_state = (whole ->> 'state')::int2 and t.to_state <> t.from_state and me.system = any (t.systems)
      and caller_role() = any (t.roles) and record_fulfils(t.condition, whole) and (t.side is null or record_mine(t.side, whole))
      and t.started_on <= today() and (t.ended_on is null or t.ended_on > today())
    group by t.kind) x
$$;
create or replace function record_roles(of_type int2, wanted text, whole jsonb) returns int2[] stable language sql as $$
  select array_agg(distinct role) from record_transition t join office me on me.id = caller_office() and me.system = any (t.systems), unnest(t.roles) role
  where t.type = $1 and t.kind = wanted and record_fulfils(t.condition, whole) and t.started_on <= today() and (t.ended_on is null or t.ended_on > today())
    and (t.from_state = (whole ->> 'state')::int2 or not exists (select from record_transition o where o.type = $1 and o.kind = wanted and caller_role() = any (o.roles)))
$$;

-- The fields that changed since version `base` and that `patch` sets to something else, with both values: as incident_conflicts.
create or replace function record_conflicts(of_type int2, whole jsonb, base int4, patch jsonb, out fields text[], out theirs text[], out yours text[])
  stable language sql as $$
  select array_agg(p.key), array_agg(coalesce(now.value, '')), array_agg(coalesce(p.value, ''))
  from jsonb_each_text(record_fields(of_type, whole || patch)) p join jsonb_each_text(record_fields(of_type, whole)) now using (key)
  where patch ? p.key and sealed_mark(p.key, p.value) is distinct from sealed_mark(p.key, now.value)
    and p.key in (select unnest(f.changed) from feed f where f.seq = any (array(select jsonb_array_elements_text(whole -> 'events')::int8)) and f.version > base)
$$;

-- How grave a record is that is no incident, as an event's level tells it (1 is the gravest; 0: neither): of a dispute by its colour, of an
-- alert by its severity. Watchers filter, colour and ring by it.
create or replace function record_gravity(whole jsonb) returns int2 immutable parallel safe language sql as $$
  select coalesce(case (whole ->> 'warning')::int2 when 4 then 1 when 3 then 2 when 2 then 3 when 1 then 4 end, (whole ->> 'severity')::int2, 0)::int2
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
  event.officer := coalesce(caller_officer(), '系统');
  select o.code, o.name into strict event.office, event.office_name from office o where o.id = event.actor;
  event.audience := audience_with(audience_now(event.origin, event.entity), (after ->> 'area')::int4)
    || given_to(event.num);
end $$;

-- The request_id of the nth further event that a request brings about: the same again if it is carried out again.
create or replace function record_derived(request uuid, n int4) returns uuid immutable parallel safe language sql as $$
  select md5(request::text || '#' || n)::uuid
$$;

-- What differs between two states of a record, as an event tells it.
create or replace function record_difference(of_type int2, before jsonb, after jsonb, out changed text[], out old_values text[], out new_values text[])
  stable language sql as $$
  select array_agg(n.key), array_agg(o.value), array_agg(n.value)
  from jsonb_each_text(record_fields(of_type, after)) n left join jsonb_each_text(record_fields(of_type, before)) o using (key)
  where sealed_mark(n.key, n.value) is distinct from sealed_mark(o.key, o.value)
$$;

-- Writes a record, new or changed, and its event. As the owner, for the runtime role writes no record itself, and because the record may
-- from now on be hidden from whoever changed it.
create or replace function record_store(after jsonb, event feed) returns void language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  of_kind record_type;
  columns text;
begin
  select * into strict of_kind from record_type t where t.type = record_type_of(event.num) and t.type <> 1;
  select string_agg(quote_ident(a.attname), ', ') into columns from pg_attribute a
  where a.attrelid = of_kind.name::regclass and a.attnum > 0 and not a.attisdropped;
  if event.version = 1 then
    execute format('insert into %1$I(%2$s) select %2$s from jsonb_populate_record(null::%1$I, $1)', of_kind.name, columns) using after;
  else
    execute format('update %1$I r set (%2$s) = (select %2$s from jsonb_populate_record(null::%1$I, $1)) where r.num = $2', of_kind.name, columns)
      using after, event.num;
    if event.changed is not null then
      perform clock_owners(after);
    end if;
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

-- The answer to a request that was carried out before; outcome NULL: it was not.
create or replace function record_past(request uuid, sent bytea, wanted text) returns record_answer stable language plpgsql as $$
declare
  past feed := feed_past(request);
  answer record_answer;
begin
  if past.seq is null then
    return answer;
  elsif past.kind = wanted and past.actor = caller_office() and same_act(past.act, sent) then
    answer.outcome := 'replay'; answer.replay := true;
    answer.id := past.entity; answer.no := past.no; answer.version := past.version; answer.state := past.state; answer.at := past.at;
  else
    answer.outcome := 'refused'; answer.reason := 'KEY_REUSED'; answer.field := 'request_id';
  end if;
  return answer;
end $$;

-- Calls <kind>_prepare: the patch with what the kind itself adds, or what is wrong.
create or replace function record_prepare(of_type int2, wanted text, before jsonb, given jsonb, moment timestamptz, out patch jsonb, out field text, out reason text)
  language plpgsql as $$
begin
  execute format('select * from %I($1, $2, $3, $4)', (select t.name from record_type t where t.type = of_type) || '_prepare')
    into patch, field, reason using wanted, before, given, moment;
end $$;
create or replace function record_follow(of_type int2, wanted text, before jsonb, after jsonb, given jsonb, event feed) returns void language plpgsql as $$
begin
  execute format('select %I($1, $2, $3, $4, $5)', (select t.name from record_type t where t.type = of_type) || '_follow') using wanted, before, after, given, event;
end $$;

-- The columns of a kind that a request may set: all its own, and of the common ones only the area.
create or replace function record_columns(of_type int2, given jsonb) returns jsonb stable language sql as $$
  select coalesce(jsonb_object_agg(g.key, g.value), '{}') from jsonb_each(given) g
  where g.key in ('state', 'area', 'sensitivity') or exists (select from pg_attribute a join record_type t on a.attrelid = t.name::regclass
    where t.type = of_type and a.attname = g.key and a.attislocal and a.attnum > 0)
$$;

-- Values as a request has them -> as columns have them: '' empties a field, what is absent (NULL) is left alone.
create or replace function record_given(given jsonb) returns jsonb immutable language sql as $$
  select coalesce(jsonb_object_agg(g.key, case when g.value = '""' then 'null'::jsonb else g.value end), '{}') from jsonb_each(given) g where g.value <> 'null'
$$;

-- A field that is the other side's: its name, or NULL.
create or replace function record_foreign(of_type int2, patch jsonb) returns text stable language sql as $$
  select f.field from record_field f join office me on me.id = caller_office()
  where f.type = of_type and patch ? f.field and me.system <> all (f.systems) and f.started_on <= today() and (f.ended_on is null or f.ended_on > today())
  limit 1
$$;

-- Makes a new record of a kind in the state that record_transition has for it (from_state 0). given: columns and whatever else the kind
-- asks for. The pen is held and the caller is set.
create or replace function record_create(request uuid, sent bytea, of_type int2, wanted text, given jsonb, why text) returns record_answer language plpgsql as $$
declare
  answer record_answer := record_past(request, sent, wanted);
  turn record;
  event feed;
  verdict record;
  after jsonb := '{"state": 0}';
begin
  if answer.outcome is not null then
    return answer;
  end if;
  answer.outcome := 'refused';
  turn := feed_begin();
  given := record_given(given);
  select * into verdict from record_rule(of_type, wanted, after || jsonb_build_object('origin', caller_office()));
  if verdict.reason is not null then
    answer.reason := verdict.reason;
    if verdict.reason = 'ROLE_NOT_ALLOWED' then
      answer.roles := record_roles(of_type, wanted, after);
    end if;
    perform audit_denied(wanted, null, answer.reason);
    return answer;
  end if;
  if given ? 'area' then
    given := given || jsonb_build_object('area', area_named(given ->> 'area', caller_office()));
    if given -> 'area' = 'null' then
      answer.reason := 'BAD_AREA'; answer.field := 'area';
      return answer;
    end if;
  end if;
  select p.patch, p.field, p.reason into given, answer.field, answer.reason from record_prepare(of_type, wanted, null, given, turn.moment) p;
  if answer.reason is not null then
    if given ? 'standing' then  -- a record that stands in the way
      answer.conflict_fields := array[answer.field]; answer.conflict_theirs := array[given ->> 'standing'];
    end if;
    return answer;
  end if;
  after := record_columns(of_type, given) || jsonb_build_object('id', request, 'version', 1, 'state', (verdict.rule).to_state,
    'origin', caller_office(), 'created_by', caller_officer(), 'created_at', turn.moment, 'updated_by', caller_officer(), 'updated_at', turn.moment,
    'events', array[turn.seq + 1], 'sensitivity', coalesce((given ->> 'sensitivity')::int2, 1));
  if after ->> (verdict.rule).stamp is null and (verdict.rule).stamp is not null then
    after := after || jsonb_build_object((verdict.rule).stamp, turn.moment);
  end if;
  answer.field := record_lacks(verdict.rule, after, why);
  if answer.field is not null then
    answer.reason := case answer.field when 'reason' then 'REASON_REQUIRED' else 'REQUIRED' end;
    return answer;
  end if;
  after := after || jsonb_build_object('num', record_number(of_type, turn.moment));  -- last of all: what is refused takes no number
  perform given_to_addressed(of_type, after, turn.moment);
  event := record_event(after, wanted, turn.moment, request, sent, why);
  select d.changed, d.old_values, d.new_values into event.changed, event.old_values, event.new_values from record_difference(of_type, '{}', given || after) d;
  perform record_store(after, event);
  perform record_follow(of_type, wanted, null, after, given, event);
  return record_done(event);
end $$;

create or replace function record_lacks(rule record_transition, after jsonb, why text) returns text immutable language sql as $$
  select case when rule.reason_required and coalesce(btrim(why), '') = '' then 'reason'
    else (select r from unnest(rule.required) r where coalesce(after ->> r, '') = '' limit 1) end
$$;
create or replace function record_done(event feed) returns record_answer immutable language plpgsql as $$
declare
  answer record_answer;
begin
  answer.outcome := 'done'; answer.replay := false;
  answer.id := event.entity; answer.no := event.no; answer.version := event.version; answer.state := event.state; answer.at := event.at;
  return answer;
end $$;

-- Makes one change of a record: incident_change for the other kinds, with the same answer.
create or replace function record_change(request uuid, sent bytea, of_type int2, wanted text, named text, base int4, given jsonb, why text) returns record_answer
  language plpgsql as $$
declare
  answer record_answer := record_past(request, sent, wanted);
  turn record;
  event feed;
  verdict record;
  rule record_transition;
  target int8;
  before jsonb;
  after jsonb;
begin
  if answer.outcome is not null then
    return answer;
  end if;
  answer.outcome := 'refused';
  turn := feed_begin();
  select f.num, f.reason into target, answer.reason from record_find(named, of_type) f;
  if answer.reason is not null then
    answer.field := (select t.name from record_type t where t.type = of_type);
    perform audit_denied(wanted, named, answer.reason);
    return answer;
  end if;
  before := record_row(target);
  answer.current_version := before ->> 'version';
  if base > (before ->> 'version')::int4 then
    answer.reason := 'VERSION_CONFLICT'; answer.field := 'base_version';
    return answer;
  end if;
  given := record_given(given);
  select * into verdict from record_rule(of_type, wanted, before);
  rule := verdict.rule;
  if verdict.reason in ('NOT_YOURS', 'ROLE_NOT_ALLOWED') then
    answer.reason := verdict.reason;
    if verdict.reason = 'ROLE_NOT_ALLOWED' then
      answer.roles := record_roles(of_type, wanted, before);
    end if;
    perform audit_denied(wanted, named, verdict.reason);
    return answer;
  end if;
  answer.field := record_foreign(of_type, given);
  if answer.field is not null then
    answer.reason := 'FIELD_NOT_YOURS';
    return answer;
  end if;
  if base < (before ->> 'version')::int4 then
    select c.fields, c.theirs, c.yours into answer.conflict_fields, answer.conflict_theirs, answer.conflict_yours
    from record_conflicts(of_type, before, base, record_columns(of_type, given)
      || case when rule.to_state not in (0, rule.from_state) then jsonb_build_object('state', rule.to_state) else '{}' end) c;
    if answer.conflict_fields is not null then
      answer.outcome := 'conflict'; answer.reason := 'VERSION_CONFLICT'; answer.id := before ->> 'id';
      return answer;
    end if;
  end if;
  if verdict.reason is not null then
    answer.reason := verdict.reason;
    answer.field := (select t.name from record_type t where t.type = of_type);
    answer.state := before ->> 'state';
    answer.allowed := record_moves(of_type, before);
    return answer;
  end if;
  if given ? 'area' and given ->> 'area' is not null then
    given := given || jsonb_build_object('area', area_named(given ->> 'area', (before ->> 'origin')::int4));
    if given -> 'area' = 'null' then
      answer.reason := 'BAD_AREA'; answer.field := 'area';
      return answer;
    end if;
  end if;
  given := case rule.to_state when 0 then '{}' else jsonb_build_object('state', rule.to_state) end || case when rule.stamp is null then '{}' else jsonb_build_object(rule.stamp, turn.moment) end || given;
  select p.patch, p.field, p.reason into given, answer.field, answer.reason from record_prepare(of_type, wanted, before, given, turn.moment) p;
  if answer.reason is not null then
    return answer;
  end if;
  after := before || record_columns(of_type, given);
  answer.field := record_lacks(rule, after, why);
  if answer.field is not null then
    answer.reason := case answer.field when 'reason' then 'REASON_REQUIRED' else 'REQUIRED' end;
    return answer;
  end if;
  event := record_made(of_type, wanted, before, after, turn.moment, request, sent, why, given);
  if event.kind is null then
    answer.reason := 'NO_CHANGE';
    answer.field := (select t.name from record_type t where t.type = of_type);
    return answer;
  end if;
  return record_done(event);
end $$;

-- Carries a decided change out: version, event, row, and what follows. `given` is what <kind>_follow gets. An event without kind: nothing would
-- change, and it is a correction.
create or replace function record_made(of_type int2, wanted text, before jsonb, after jsonb, moment timestamptz, request uuid, sent bytea, why text, given jsonb)
  returns feed language plpgsql as $$
declare
  event feed;
  difference record;
begin
  select * into difference from record_difference(of_type, before, given || after);
  if wanted like 'correct\_%' and difference.changed is null then
    return event;
  end if;
  after := after || jsonb_build_object('version', (before ->> 'version')::int4 + 1, 'updated_by', coalesce(caller_officer(), '系统'), 'updated_at', moment,
    'events', (before -> 'events') || to_jsonb((select h.seq + 1 from feed_head h)));
  event := record_event(after, wanted, moment, request, sent, why);
  event.changed := difference.changed; event.old_values := difference.old_values; event.new_values := difference.new_values;
  perform record_store(after, event);
  perform record_follow(of_type, wanted, before, after, given, event);
  return event;
end $$;

-- An event of a record of any kind by which nothing of it changes but its version: `told` is what its fields say. An event without kind: the
-- caller sees no such record.
create or replace function record_tell(target int8, wanted text, told jsonb, moment timestamptz, request uuid, sent bytea, why text) returns feed
  language plpgsql as $$
declare
  before jsonb := record_row(target);
  after jsonb;
  event feed;
  i incident;
begin
  if before is null then
    return event;
  end if;
  after := before || jsonb_build_object('version', (before ->> 'version')::int4 + 1, 'events', (before -> 'events') || to_jsonb((select h.seq + 1 from feed_head h)));
  if record_type_of(target) = 1 then
    i := jsonb_populate_record(null::incident, after);
    event := incident_event(i, wanted, moment, request, coalesce(sent, ''), why);
  else
    event := record_event(after, wanted, moment, request, sent, why);
  end if;
  select array_agg(t.key order by t.key), array_agg(null::text), array_agg(t.value order by t.key) into event.changed, event.old_values, event.new_values
  from jsonb_each_text(told) t;
  if record_type_of(target) = 1 then
    perform incident_store(i, event);
  else
    perform record_store(after, event);
    perform record_follow(record_type_of(target), wanted, before, after, told, event);
  end if;
  return event;
end $$;

-- A change that the system makes of a record by itself, under a transition for nobody (roles {0}): what a clock or another record's change
-- brings about. False where the record's state does not allow it: then nothing happens.
create or replace function record_react(target int8, wanted text, given jsonb, moment timestamptz, request uuid, why text) returns bool language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  before jsonb := record_row(target);
  of_type int2 := record_type_of(target);
  rule record_transition;
  prepared record;
begin
  select * into rule from record_transition t
  where t.type = of_type and t.kind = wanted and t.roles = '{0}' and t.from_state = (before ->> 'state')::int2 and record_fulfils(t.condition, before)
    and t.started_on <= today() and (t.ended_on is null or t.ended_on > today()) limit 1;
  if rule.kind is null then
    return false;
  end if;
  given := jsonb_build_object('state', rule.to_state) || case when rule.stamp is null then '{}' else jsonb_build_object(rule.stamp, moment) end || given;
  select * into prepared from record_prepare(of_type, wanted, before, given, moment);
  if prepared.reason is not null then
    return false;
  end if;
  perform record_made(of_type, wanted, before, before || record_columns(of_type, prepared.patch), moment, request, null, why, prepared.patch);
  return true;
end $$;

grant execute on function record_number(int2, timestamptz), record_store(jsonb, feed), record_react(int8, text, jsonb, timestamptz, uuid, text) to liandong_app;
