-- The one way in which records that are not incidents come to be and change. Each request is a thin .sql file that names its kind and the
-- fields it sets; who may, from which state to which, is data: record_rule.sql. What only one kind knows stands in two functions of its own,
-- called by name:
--   <kind>_prepare(wanted, before, given, moment, out patch, out field, out reason): what is wrong with the values, or what else
--     the change sets; a creation has before = NULL
--   <kind>_follow(wanted, before, after, given, event): what else comes of it, in the same transaction: rows, links, further events
-- Incidents have paths of their own (report.sql, change.sql), for they are the hot ones.

-- The answer to a request that was carried out before; outcome NULL: it was not.
create or replace function record_past(request uuid, sent bytea, wanted text) returns record_answer language plpgsql as $$
declare
  past feed := feed_past(request);
  answer record_answer;
begin
  if past.seq is null then
    return answer;
  elsif past.kind = wanted and past.actor = caller_office() and same_act(past.act, sent) then
    answer.outcome := 'replay'; answer.replay := true;
    answer.id := past.entity; answer.no := past.no; answer.version := past.version; answer.state := past.state; answer.at := past.at;
    select d.names, d.times into answer.deadlines, answer.deadlines_at from record_deadlines(past.num) d;
  else
    answer.outcome := 'refused'; answer.reason := 'KEY_REUSED'; answer.field := 'request_id';
  end if;
  return answer;
end $$;

-- The columns of a kind that a request may set: all its own, and of the common ones state, area and sensitivity.
create or replace function record_columns(of_type int2, given jsonb) returns jsonb stable language plpgsql as $$
declare
  own text[] := record_own(of_type);
begin
  return given - array(select k from jsonb_object_keys(given) k where k <> all (own) and k not in ('state', 'area', 'sensitivity'));
end $$;

-- Values as a request has them -> as columns have them: '' empties a field, what is absent (NULL) is left alone.
create or replace function record_given(given jsonb) returns jsonb immutable language plpgsql as $$
begin
  given := jsonb_strip_nulls(given);
  if position('""' in given::text) > 0 then
    given := (select jsonb_object_agg(g.key, case when g.value = '""' then 'null'::jsonb else g.value end) from jsonb_each(given) g);
  end if;
  return given;
end $$;

-- The refusal of who may not make this change of a record at all: written down, and with the roles that may.
create or replace function record_denied(answer record_answer, of_type int2, wanted text, named text, whole jsonb, why text) returns record_answer language plpgsql as $$
begin
  answer.reason := why;
  if why = 'ROLE_NOT_ALLOWED' then
    answer.roles := record_roles(of_type, wanted, whole);
  end if;
  perform audit_denied(wanted, named, why);
  return answer;
end $$;

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
    return record_denied(answer, of_type, wanted, null, after, verdict.reason);
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

-- The deadlines that run of a record, the next three: whoever changes it is told what has to happen by when.
create or replace function record_deadlines(of_num int8, out names text[], out times timestamptz[]) language plpgsql as $$
begin
  select array_agg(c.name order by c.due_at, c.id), array_agg(c.due_at order by c.due_at, c.id) into names, times
  from (select c.id, c.due_at, (select r.name from clock_rule r where r.type = c.type and r.rule = c.rule and r.started_on = c.rule_since) as name
        from (select * from clock x where x.num = of_num and x.stopped_at is null and x.paused_at is null order by x.due_at, x.id limit 3) c) c;
end $$;

-- What the event of a request told of a field of a record; NULL: it made none. For receipts, after the change: hence volatile.
create or replace function event_told(of_no text, request uuid, field text) returns text volatile language plpgsql as $$
begin
  return (select f.new_values[array_position(f.changed, field)] from feed f where f.request_id = request and f.no = of_no);
end $$;

create or replace function record_done(event feed) returns record_answer language plpgsql as $$
declare
  answer record_answer;
begin
  answer.outcome := 'done'; answer.replay := false;
  answer.id := event.entity; answer.no := event.no; answer.version := event.version; answer.state := event.state; answer.at := event.at;
  select d.names, d.times into answer.deadlines, answer.deadlines_at from record_deadlines(event.num) d;
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
    return record_denied(answer, of_type, wanted, named, before, verdict.reason);
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
  elsif record_long(wanted, (before ->> 'num')::int8, jsonb_array_length(before -> 'events')) then
    answer.reason := 'LIMIT_REACHED'; answer.field := (select t.name from record_type t where t.type = of_type);
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
    if given ? 'conflict' then  -- of a part of the record that has versions of its own
      select 'conflict', c.id, c.version, c.fields, c.theirs, c.yours
        into answer.outcome, answer.id, answer.current_version, answer.conflict_fields, answer.conflict_theirs, answer.conflict_yours
      from jsonb_to_record(given -> 'conflict') c(id uuid, version int4, fields text[], theirs text[], yours text[]);
      answer.field := null;
    end if;
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
  after := after || jsonb_build_object('version', (before ->> 'version')::int4 + 1, 'updated_by', record_officer(wanted), 'updated_at', moment,
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
  before jsonb := record_whole(target);
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

grant execute on function record_react(int8, text, jsonb, timestamptz, uuid, text) to liandong_app;
