-- Changing who sees a record: its level, and to whom it is open by name.

-- Whom an event of a record may concern: the offices that are told of its origin's entries, and those that the named ones work for.
create or replace function audience_now(origin int4, record uuid) returns int4[] stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  told int4[] := (select o.audience from office o where o.id = origin);
begin
  return told || (select array_agg(distinct s.office) from record_access a join assignment s on s.account = a.account
    where a.record = audience_now.record and s.office <> all (told));
end $$;

-- The rule for such a change of a record of whatever kind.
create or replace function rights_rule(target int8, whole jsonb, wanted text, out reason text) stable language plpgsql as $$
begin
  if record_type_of(target) = 1 then
    select r.reason into reason from incident_rule(jsonb_populate_record(null::incident, whole), wanted) r;
  else
    select r.reason into reason from record_rule(record_type_of(target), wanted, whole) r;
    if (whole ->> 'origin')::int4 <> caller_office() then  -- nor may who handles it together with that office: as of incidents
      reason := 'NOT_YOURS';
    end if;
  end if;
end $$;

-- Makes one such change. level: the new one, of grade_incident; person and ends: of the others. See incident_change for the answer, and
-- migrations/0014_rights.sql for who may. Whoever closes a record to all but named persons is the first of them: somebody must be able
-- to open it again.
drop function if exists rights_change(uuid, bytea, text, text, int4, int4, text, timestamptz, text);
create or replace function rights_change(request uuid, sent bytea, of_type int4, wanted text, named text, base int4, wanted_level int4, person text, ends timestamptz, why text,
    out outcome text, out reason text, out field text, out current_version int4,
    out id uuid, out no text, out version int4, out state int2, out at timestamptz, out replay bool)
  language plpgsql as $$
declare
  turn record;
  past feed;
  event feed;
  after jsonb;
  about uuid;
  verdict record;
  target int8;
  before int2;
  opening text;
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
  select f.num, f.reason into target, reason from record_find(named, nullif(of_type, 0)::int2) f;
  if reason is not null then
    field := 'incident';
    perform audit_denied(wanted, named, reason);
    return;
  end if;
  after := record_row(target);
  about := after ->> 'id';
  before := after ->> 'sensitivity';
  current_version := after ->> 'version';
  if base <> current_version then
    reason := 'VERSION_CONFLICT';
    field := 'base_version';
    return;
  end if;
  select r.reason into verdict from rights_rule(target, after,
    case when wanted = 'grade_incident' and (before >= 3 and wanted_level < before or wanted_level = 4) then 'head_grade' else wanted end) r;
  reason := case
    when verdict.reason is not null and not (wanted = 'withdraw_access' and glass_own(about, person, turn.moment)) then verdict.reason
    when wanted = 'grade_incident' and wanted_level = 4 and caller_account() = 0 then 'ROLE_NOT_ALLOWED' end;
  if reason is not null then
    perform audit_denied(wanted, named, reason);
    return;
  end if;
  select f.field, f.reason into field, reason from (values
    (coalesce(btrim(why), '') = '', 'reason', 'REASON_REQUIRED'),
    (wanted = 'grade_incident' and wanted_level is null, 'sensitivity', 'REQUIRED'),
    (wanted = 'grade_incident' and wanted_level not between 0 and 4, 'sensitivity', 'OUT_OF_RANGE'),
    (wanted = 'grade_incident' and wanted_level = before, 'incident', 'NO_CHANGE'),
    (wanted <> 'grade_incident' and coalesce(person, '') = '', 'account', 'REQUIRED'),
    (wanted <> 'grade_incident' and not account_known(person), 'account', 'UNKNOWN_VALUE'),
    (wanted = 'grant_access' and ends is null, 'until', 'REQUIRED'),
    (wanted = 'grant_access' and ends <= turn.moment, 'until', 'OUT_OF_RANGE')) as f(broken, field, reason)
  where f.broken limit 1;
  if reason is not null then
    return;
  end if;
  -- Opening a special record takes two; so does making it less special, or one head would take it down, open it, and put it up again.
  opening := case when wanted = 'grant_access' then person || ' ' || to_char(ends at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI')
    when wanted = 'grade_incident' and wanted_level < before then format('S%s → S%s', before, wanted_level) end;
  if opening is not null and before >= (approval_rule_now()).grant_from and not approval_take(wanted, about, record_no(target), opening) then
    reason := 'APPROVAL_NEEDED';
    perform audit_denied(wanted, named, reason);
    return;
  end if;
  if wanted = 'grade_incident' then
    after := after || jsonb_build_object('sensitivity', wanted_level);
    if wanted_level = 4 then
      perform glass_shut(about, turn.moment);
    end if;
  end if;
  if wanted <> 'grade_incident' or wanted_level = 4 then
    reason := access_change(about, wanted, person, turn.moment, ends, why);
    if reason is not null then
      field := case reason when 'UNKNOWN_VALUE' then 'account' else 'incident' end;
      return;
    end if;
  end if;
  after := after || jsonb_build_object('version', current_version + 1, 'updated_by', caller_officer(), 'updated_at', turn.moment,
    'events', (after -> 'events') || to_jsonb(turn.seq + 1));
  event := case when record_type_of(target) = 1 then incident_event(jsonb_populate_record(null::incident, after), wanted, turn.moment, request, sent, why)
    else record_event(after, wanted, turn.moment, request, sent, why) end;
  if wanted = 'grade_incident' then
    event.changed := array['sensitivity']; event.old_values := array[before::text]; event.new_values := array[wanted_level::text];
  elsif wanted = 'grant_access' then
    event.changed := array['access', 'until']; event.old_values := array[null, null]::text[]; event.new_values := array[person, moment_text(ends)];
  else
    event.changed := array['access']; event.old_values := array[person]; event.new_values := array[null]::text[];
  end if;
  if record_type_of(target) = 1 then
    perform incident_store(jsonb_populate_record(null::incident, after), event);
  else
    perform record_store(after, event);
  end if;
  if wanted = 'grade_incident' and wanted_level > before then
    perform grade_follow(target, wanted_level::int2, turn.moment, request, why);
  end if;
  outcome := 'done';
  replay := false;
  current_version := null;
  id := event.entity; no := event.no; version := event.version; state := event.state; at := event.at;
end $$;

-- Transfers, alerts and tasks about a record say what it is about: they become as special as it has. As the owner, for some may be hidden. Taken
-- down they are one by one, by whoever has looked at what each says.
create or replace function grade_follow(target int8, to_level int2, moment timestamptz, request uuid, why text) returns void language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  kin int8;
  n int4 := 40;
  after jsonb;
  event feed;
begin
  for kin in
    with recursive about(num) as (
      select target union select x.num from about a join (select t.num, t.about from transfer t union all select t.num, t.about from alert t
        union all select t.num, t.about from task t) x on x.about = a.num)
    select r.num from about join any_record r using (num) where r.num <> target and r.sensitivity < to_level order by r.num
  loop
    n := n + 1;
    after := record_row(kin);
    after := after || jsonb_build_object('sensitivity', to_level, 'version', (after ->> 'version')::int4 + 1, 'updated_by', caller_officer(), 'updated_at', moment,
      'events', (after -> 'events') || to_jsonb((select h.seq + 1 from feed_head h)));
    if to_level = 4 then
      perform access_change((after ->> 'id')::uuid, 'grade_incident', null, moment, null, why);
    end if;
    event := record_event(after, 'grade_incident', moment, record_derived(request, n), null, why);
    event.changed := array['sensitivity']; event.old_values := array[(select r.sensitivity::text from any_record r where r.num = kin)]; event.new_values := array[to_level::text];
    perform record_store(after, event);
  end loop;
end $$;
create or replace function account_known(person text) returns bool stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return exists (select from account a where a.code = person);
end $$;
grant execute on function account_known(text) to liandong_app;

-- Opens a record to a person, or closes it; why not, where it can't. Of grade_incident the person is the caller.
create or replace function access_change(for_record uuid, wanted text, person text, moment timestamptz, ends timestamptz, why text) returns text language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  who int8 := case wanted when 'grade_incident' then caller_account() else (select a.id from account a where a.code = person) end;
  open bool;
begin
  if who is null then
    return 'UNKNOWN_VALUE';
  end if;
  update record_access a set until = moment, closed = true where a.record = for_record and a.account = who and a.until > moment;
  open := found;
  if wanted = 'withdraw_access' then
    return case when not open then 'NO_CHANGE' end;
  end if;
  insert into record_access(record, account, since, until, granted_by, reason)
  values (for_record, who, moment, coalesce(ends, '9999-01-01'), caller_officer(), why)
  on conflict (record, account, since) do update set until = excluded.until, closed = false, granted_by = excluded.granted_by, reason = excluded.reason;
  return null;
end $$;

-- Why somebody sees a record or not, one row for each relation that could matter. An administrator asks by full number about any record and
-- learns its level; others only about what they see themselves.
create or replace function rights_explain(named text, person text, office_code text, as_role int2)
  returns table(office text, role int2, relation text, most int2, sensitivity int2, until timestamptz, visible bool, reason text)
  stable language plpgsql as $$
#variable_conflict use_column
declare
  target uuid;
begin
  if coalesce(caller_role() not in (3, 5, 7), true) then  -- heads and administrators
    return query select null::text, null::int2, null::text, null::int2, null::int2, null::timestamptz, null::bool, 'ROLE_NOT_ALLOWED';
    return;
  elsif caller_role() = 7 then
    select a.record into target from audit_named(named) a;
  else
    select i.id into target from record_find(named, null) f join any_record i using (num);
  end if;
  if target is null then
    return query select null::text, null::int2, null::text, null::int2, null::int2, null::timestamptz, null::bool, 'NOT_FOUND incident';
  elsif coalesce(person, '') = '' and (coalesce(office_code, '') = '' or coalesce(as_role, 0) = 0) then
    return query select null::text, null::int2, null::text, null::int2, null::int2, null::timestamptz, null::bool, 'REQUIRED account';
  else
    return query select * from rights_reasons(target, person, office_code, as_role);
  end if;
end $$;

create or replace function rights_reasons(target uuid, person text, office_code text, as_role int2)
  returns table(office text, role int2, relation text, most int2, sensitivity int2, until timestamptz, visible bool, reason text)
  stable language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  return query
  with i as (select x.num, x.origin, x.sensitivity, x.id, x.area from feed f join any_record x on x.num = f.num where f.request_id = target and f.entity = f.request_id),
    who as (
      select o as reader, s.role, a.id as account from account a join assignment s on s.account = a.id join office o on o.id = s.office
      where a.code = nullif(person, '') and s.started_on <= today() and (s.ended_on is null or s.ended_on > today())
      union all
      select o, as_role, 0::int8 from office o where o.code = office_code and coalesce(person, '') = ''),
    asked as (
      select w.reader, w.role, coalesce(relation_of(w.reader, i.origin), 'NONE') as relation, null::timestamptz as until, i.sensitivity from who w, i
      union all
      select w.reader, w.role, 'NAMED', (select max(r.until) from record_access r
        where r.record = i.id and r.account = w.account and r.since <= clock_timestamp() and r.until > clock_timestamp()), i.sensitivity
      from who w, i where w.account <> 0
      union all
      select w.reader, w.role, 'GIVEN', (select nullif(max(g.until), 'infinity') from record_office g where g.num = i.num and g.office = (w.reader).id), i.sensitivity
      from who w, i where (w.reader).id = any (given_to(i.num))
      union all
      select w.reader, w.role, 'AREA', null, i.sensitivity from who w, i join area_today t on t.area = i.area where t.office = (w.reader).id)
  select (a.reader).code, a.role, a.relation, m.most, a.sensitivity, a.until,
    coalesce(a.sensitivity <= m.most, false) and (a.relation <> 'NAMED' or a.until is not null), null::text
  from asked a cross join lateral (select right_most(a.role, a.relation) as most) m;
  if not found then
    return query select null::text, null::int2, null::text, null::int2, null::int2, null::timestamptz, null::bool,
      case when coalesce(person, '') = '' then 'UNKNOWN_VALUE office' else 'UNKNOWN_VALUE account' end;
  end if;
end $$;

grant execute on function grade_follow(int8, int2, timestamptz, uuid, text), audit_named(text), rights_explain(text, text, text, int2), rights_reasons(uuid, text, text, int2), audience_now(int4, uuid), access_change(uuid, text, text, timestamptz, timestamptz, text),
  rights_rule(int8, jsonb, text),
  rights_change(uuid, bytea, int4, text, text, int4, int4, text, timestamptz, text) to liandong_app;

-- What the feed's ring is made of: see migrations/0014_rights.sql, which had these first. The moment is the statement's, not the clock's: a
-- view that calls anything volatile is not merged into the statement that reads it, which loses the index's order; then each page reads and
-- sorts all that comes after it (100,000 events: 0.17 s a page of 1,000 instead of 0.01).
create or replace view record_named as
  select f.num, a.account, until_ms(a.until) as until
  from record_access a join feed f on f.request_id = a.record and f.entity = f.request_id
  where a.since <= statement_timestamp() and a.until > statement_timestamp()
  union all
  select g.num, -g.office::int8, until_ms(g.until) from record_office g where g.since <= statement_timestamp() and g.until > statement_timestamp();
-- What only few kinds of events need stands in functions: a part of the view would be set up for each commit group (27 us of 98, 2026-11).
create or replace function event_named(of_entity uuid, of_num int8) returns int8[] stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return (select array_agg(x order by r.account, o)
    from (select a.account, a.until from record_access a where a.record = of_entity and a.since <= statement_timestamp() and a.until > statement_timestamp()
          union all
          select -g.office::int8, g.until from record_office g where g.num = of_num and g.since <= statement_timestamp() and g.until > statement_timestamp()) r
      cross join unnest(array[r.account, until_ms(r.until)]) with ordinality as u(x, o));
end $$;
create or replace function event_subject(field text, code_named text) returns int8 stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return case field when 'opened_to' then (select -o.id::int8 from office o where o.code = code_named) else (select a.id from account a where a.code = code_named) end;
end $$;
grant execute on function event_named(uuid, int8), event_subject(text, text) to liandong_app;
create or replace view feed_told as
  select f.*, coalesce((select s.sensitivity from record_sensitive s where s.num = f.num), 1)::int2 as sensitivity,
    case when f.kind = 'grade_incident' then f.old_values[1]::int2 end as was,
    case when f.kind in ('grant_access', 'withdraw_access', 'break_glass') or f.kind = 'decide_review' and f.changed[1] = 'access' then
      event_subject(f.changed[1], coalesce(f.new_values[1], f.old_values[1])) end as subject,
    case when f.kind = 'grade_incident' then coalesce(event_named(f.entity, f.num), '{}')
      when f.kind in ('grant_access', 'withdraw_access', 'break_glass', 'decide_review') or f.version = 1 and f.num > 10000000000000
        or f.kind = 'report_incident' and f.class = any ((select array_agg(c.class) from class_sensitivity c where c.sensitivity > 1)::int2[])
      then event_named(f.entity, f.num) end as named,
    (select a.area from record_area a where a.num = f.num) as area,
    case when f.kind in ('correct_incident', 'correct_dispute') and f.changed @> '{area}' then
      coalesce((select a.id from area a where a.code = f.old_values[array_position(f.changed, 'area')]), 0) end as area_was
  from feed f;
