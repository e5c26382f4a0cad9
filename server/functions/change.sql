-- The one way in which an incident changes after its report. Each kind of change is a thin .sql file that names the kind and the
-- fields it sets; the rules are data (migrations/0005_rules.sql).

-- The fields that changed since version `base`, by whomever (one officer at two desks counts), and that `patch` sets to something else,
-- with both values.
create or replace function incident_conflicts(i incident, base int4, patch jsonb, out fields text[], out theirs text[], out yours text[])
  stable language sql as $$
  select array_agg(p.key), array_agg(coalesce(now.value, '')), array_agg(coalesce(p.value, ''))
  from jsonb_each_text(patch) p join jsonb_each_text(incident_fields(i)) now using (key)
  where sealed_mark(p.key, p.value) is distinct from sealed_mark(p.key, now.value)
    and p.key in (select unnest(f.changed) from feed f where f.seq = any (i.events) and f.version > base)
$$;

-- The rule that lets the caller make this change now; else the reason why not. Nobody learns of a state who may not act at all.
create or replace function incident_rule(i incident, wanted text, out rule incident_transition, out reason text) stable language plpgsql as $$
declare
  me office;
  t incident_transition;
  own bool := i.origin = caller_office() or wanted not in ('grade_incident', 'head_grade', 'grant_access', 'withdraw_access') and given_mode(i.num) >= 2;
begin
  select * into me from office o where o.id = caller_office();
  reason := 'NOT_YOURS';
  if me.kind = 'bureau' or given_to_read(i.num, i.origin, i.area, i.id) then
    return;
  end if;
  for t in
    select * from incident_transition x
    where x.kind = wanted and me.system = any (x.systems) and x.started_on <= today() and (x.ended_on is null or x.ended_on > today())
    order by x.from_state = i.state, caller_role() = any (x.roles), not x.origin_only or own, x.to_state <> x.from_state
  loop
    -- the closer a rule comes to fitting, the later it is looked at: the last word is that of the closest one
    rule := t;
    reason := case
      when t.origin_only and not own then 'NOT_YOURS'
      when coalesce(caller_role() <> all (t.roles), true) then 'ROLE_NOT_ALLOWED'
      when i.level <> all (t.levels) then 'ROLE_NOT_ALLOWED'
      when t.from_state <> i.state then 'ILLEGAL_TRANSITION' end;
    exit when reason is null;
  end loop;
end $$;

-- What the caller could do to move a record on from the state it is in; and which roles of the caller's side may make this change: in this state,
-- where the caller's own may in another.
create or replace function incident_moves(i incident) returns text[] stable language sql as $$
  select array_agg(x.kind order by x.to_state)
  from (select t.kind, min(t.to_state) as to_state from incident_transition t, office me
    where me.id = caller_office() and t.from_state = i.state and t.to_state <> t.from_state and me.system = any (t.systems) and caller_role() = any (t.roles)
      and coalesce(i.level = any (t.levels), true) and (not t.origin_only or i.origin = me.id or given_mode(i.num) >= 2) and t.started_on <= today() and (t.ended_on is null or t.ended_on > today())
    group by t.kind) x
$$;
create or replace function incident_roles(i incident, wanted text) returns int2[] stable language sql as $$
  with rule as (
      select t.from_state, t.roles from incident_transition t, office me
      where me.id = caller_office() and t.kind = wanted and me.system = any (t.systems) and coalesce(i.level = any (t.levels), true)
        and t.started_on <= today() and (t.ended_on is null or t.ended_on > today())
    )
  select array_agg(distinct role) from rule r, unnest(r.roles) role
  where r.from_state = i.state or not exists (select from rule o where caller_role() = any (o.roles))
$$;

-- What is wrong with the values, field and reason; NULL where nothing is.
create or replace function incident_fault(kind text, rule incident_transition, patch jsonb, after jsonb, note text, latest timestamptz, out field text, out reason text)
  immutable language plpgsql as $$
begin
  select p.key, 'IN_FUTURE' into field, reason from jsonb_each_text(patch) p
  where p.key in ('occurred_at', 'dispatched_at', 'arrived_at', 'feedback_at') and p.value::timestamptz > latest limit 1;
  if field is not null then
    return;
  elsif rule.reason_required and coalesce(btrim(note), '') = '' then
    field := 'reason';
    reason := 'REASON_REQUIRED';
  elsif kind = 'note_incident' and coalesce(btrim(note), '') = '' then
    field := 'note';
    reason := 'REQUIRED';
  elsif char_length(btrim(coalesce(after ->> 'content', ''))) < 2 then
    field := 'content';
    reason := case when coalesce(btrim(after ->> 'content'), '') = '' then 'REQUIRED' else 'TOO_SHORT' end;
  elsif rule.required is not null and not exists (select from unnest(rule.required) r where after ->> r is not null) then
    field := rule.required[1];
    reason := 'REQUIRED';
  end if;
end $$;

-- The caller's event of a record as it is after it, or with nobody calling the system's; what changed is for whoever makes it to say.
create or replace function incident_event(after incident, wanted text, moment timestamptz, request uuid, sent bytea, why text, out event feed) stable
  language plpgsql as $$
begin
  event.at := moment; event.kind := wanted; event.entity := after.id; event.no := incident_no(after.num); event.version := after.version;
  event.state := after.state; event.class := after.class; event.level := after.level; event.officer := coalesce(caller_officer(), '系统');
  event.title := incident_title(after.place, after.content); event.note := why; event.threats := after.threats; event.act := sent;
  event.num := after.num; event.origin := after.origin; event.actor := coalesce(caller_office(), after.origin); event.device := coalesce(caller_device(), 0);
  event.request_id := request;
  select o.code, o.name into strict event.office, event.office_name from office o where o.id = event.actor;
  event.audience := audience_with(audience_now(event.origin, event.entity), after.area) || given_to(event.num);
end $$;

-- Writes a changed record and its event. As the owner, for the runtime role writes no record itself, and because the record may from now
-- on be hidden from whoever changed it.
create or replace function incident_store(after incident, event feed) returns void language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  update incident i set version = after.version, state = after.state, source = after.source, class = after.class, level = after.level,
    external_no = after.external_no, occurred_at = after.occurred_at, dispatched_at = after.dispatched_at, arrived_at = after.arrived_at,
    feedback_at = after.feedback_at, closed_at = after.closed_at, place = after.place, longitude = after.longitude,
    latitude = after.latitude, reporter = after.reporter, reporter_phone = after.reporter_phone,
    phone_index = after.phone_index, place_index = after.place_index, place_pairs = after.place_pairs, content = after.content,
    mass_count = after.mass_count, dispatched_to = after.dispatched_to, result_code = after.result_code, result = after.result,
    updated_by = after.updated_by, updated_at = after.updated_at, void_reason = after.void_reason, events = after.events,
    sensitivity = after.sensitivity, area = after.area
  where i.num = after.num;
  perform feed_append(event);
  if event.changed && array['external_no', 'place', 'reporter', 'reporter_phone', 'content', 'dispatched_to', 'result', 'sensitivity', 'area'] then
    perform search_refresh(after);
  end if;
end $$;

-- What a second person agrees to where a correction takes the level down: the levels, and of what else the same correction changes the
-- fields and a mark of all values, for the values themselves may be what he is not to see. So long that nobody makes two texts of one mark.
create or replace function correction_subject(from_level int2, to_level int2, changed text[], patch jsonb) returns text immutable language sql as $$
  select format('%s → %s', from_level, to_level) || case when cardinality(changed) > 1
    then ' ' || array_to_string(array_remove(changed, 'level'), ',') || ' #' || left(encode(sha256(convert_to((patch - 'level')::text, 'UTF8')), 'hex'), 32)
    else '' end
$$;

drop function if exists incident_change(uuid, bytea, text, text, int4, jsonb, text);
-- Makes one change: patch holds the fields to set, as text ('' empties one). The pen is held and the caller is set. See design of
-- writes: a refusal is an answer, nothing here raises.
create or replace function incident_change(request uuid, sent bytea, wanted text, named text, base int4, patch jsonb, why text,
    out outcome text, out reason text, out field text, out conflict_fields text[], out conflict_theirs text[], out conflict_yours text[],
    out current_version int4, out id uuid, out no text, out version int4, out state int2, out at timestamptz, out replay bool, out allowed text[], out roles int2[])
  language plpgsql as $$
declare
  turn record;
  past feed;
  event feed;
  before incident;
  after incident;
  rule incident_transition;
  verdict record;
  target int8;
  changed text[];
  old_values text[];
  new_values text[];
begin
  outcome := 'refused';
  past := feed_past(request);
  if past.seq is not null then
    if past.kind = wanted and past.actor = caller_office() and same_act(past.act, sent) then
      outcome := 'replay';
      replay := true;
      id := past.entity; no := past.no; version := past.version; state := past.state; at := past.at;
    else
      reason := 'KEY_REUSED';
      field := 'request_id';
    end if;
    return;
  end if;

  turn := feed_begin();
  select f.num, f.reason into target, reason from incident_find(named) f;
  if reason is not null then
    field := 'incident';
    perform audit_denied(wanted, named, reason);
    return;
  end if;
  select * into strict before from incident i where i.num = target;
  current_version := before.version;
  if base > before.version then
    reason := 'VERSION_CONFLICT';
    field := 'base_version';
    return;
  end if;
  select jsonb_object_agg(p.key, nullif(p.value, '')) into patch from jsonb_each_text(patch) p where p.value is not null;
  patch := coalesce(patch, '{}');

  select * into verdict from incident_rule(before, wanted);
  rule := verdict.rule;
  reason := verdict.reason;
  if reason in ('NOT_YOURS', 'ROLE_NOT_ALLOWED') then
    if reason = 'ROLE_NOT_ALLOWED' then
      roles := incident_roles(before, wanted);
    end if;
    perform audit_denied(wanted, named, reason);
    return;
  end if;
  if base < before.version then
    select c.* into conflict_fields, conflict_theirs, conflict_yours
    from incident_conflicts(before, base, patch || case when rule.to_state <> rule.from_state then jsonb_build_object('state', rule.to_state)
                                                  else '{}' end) c;
    if conflict_fields is not null then
      conflict_theirs := (select array_agg(told(t.field, t.value, identity_shown(before)) order by t.n)
        from unnest(conflict_fields, conflict_theirs) with ordinality as t(field, value, n));
      perform audit_read(wanted, named, null, before.id, incident_no(before.num), before.sensitivity,
        (select array_agg(f) from unnest(conflict_fields) f where identity_field(f) and identity_shown(before)));
      outcome := 'conflict';
      reason := 'VERSION_CONFLICT';
      id := before.id;  -- to open what is sealed of both values
      return;
    end if;
  end if;
  if reason is not null then
    field := 'incident';
    state := before.state;
    allowed := incident_moves(before);
    return;
  elsif record_long(wanted, before.num, cardinality(before.events)) then
    reason := 'LIMIT_REACHED'; field := 'incident';
    return;
  end if;

  at := turn.moment;
  if rule.stamp is not null and not patch ? rule.stamp then
    patch := patch || jsonb_build_object(rule.stamp, moment_text(at));
  end if;
  patch := patch || jsonb_build_object('state', rule.to_state) || case wanted
    when 'reopen_incident' then '{"closed_at": null}'
    when 'void_incident' then jsonb_build_object('void_reason', why)
    else '{}' end;
  if patch ? 'area' then
    after.area := area_named(patch ->> 'area', before.origin);
    if after.area is null and patch ->> 'area' is not null then
      reason := 'BAD_AREA';
      field := 'area';
      return;
    end if;
    patch := patch || jsonb_build_object('area', after.area);
  end if;
  after := jsonb_populate_record(before, patch);
  select f.field, f.reason into field, reason from incident_fault(wanted, rule, patch, incident_fields(after), why, turn.latest) f;
  if reason is not null then
    return;
  end if;

  after.version := before.version + 1;
  after.updated_by := caller_officer();
  after.updated_at := at;
  after.events := before.events || turn.seq + 1;
  if after.reporter_phone is null then
    after.phone_index := null;
  end if;
  if after.place is null then
    after.place_index := null;
    after.place_pairs := null;
  end if;
  select array_agg(n.key), array_agg(o.value), array_agg(n.value) into changed, old_values, new_values
  from jsonb_each_text(incident_fields(after)) n join jsonb_each_text(incident_fields(before)) o using (key)
  where sealed_mark(n.key, n.value) is distinct from sealed_mark(o.key, o.value);
  if wanted = 'correct_incident' and changed is null then
    reason := 'NO_CHANGE';
    field := 'incident';
    return;
  end if;
  if before.level <= (approval_rule_now()).lower_from and after.level > before.level
     and not approval_take(wanted, before.id, incident_no(before.num), correction_subject(before.level, after.level, changed, patch)) then
    reason := 'APPROVAL_NEEDED';
    perform audit_denied(wanted, named, reason);
    return;
  end if;
  if wanted = 'void_incident' and before.level <= (approval_rule_now()).void_from
     and not approval_take(wanted, before.id, incident_no(before.num), why) then
    reason := 'APPROVAL_NEEDED';
    perform audit_denied(wanted, named, reason);
    return;
  end if;
  event := incident_event(after, wanted, at, request, sent, why);
  event.changed := changed; event.old_values := old_values; event.new_values := new_values;
  if after.area is distinct from before.area then
    event.audience := audience_with(event.audience, before.area);  -- they hear that it is gone
  end if;
  perform incident_store(after, event);
  outcome := 'done';
  replay := false;
  current_version := null;
  id := event.entity; no := event.no; version := event.version; state := event.state;
end $$;

grant execute on function incident_conflicts(incident, int4, jsonb), incident_rule(incident, text), incident_moves(incident), incident_roles(incident, text),
  incident_fault(text, incident_transition, jsonb, jsonb, text, timestamptz), incident_store(incident, feed),
  correction_subject(int2, int2, text[], jsonb),
  incident_change(uuid, bytea, text, text, int4, jsonb, text) to liandong_app;
