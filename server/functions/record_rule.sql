-- Who may make which change of a record, from which state: rows of record_transition and record_field (migrations/0029_record.sql).

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
  only_read bool := whole ? 'num' and given_to_read((whole ->> 'num')::int8, (whole ->> 'origin')::int4, (whole ->> 'area')::int4, (whole ->> 'id')::uuid);
begin
  select * into me from office o where o.id = caller_office();
  reason := 'NOT_YOURS';
  for t in
    select * from record_transition x
    where x.type = of_type and x.kind = wanted and me.system = any (x.systems) and x.started_on <= today() and (x.ended_on is null or x.ended_on > today())
    order by record_fulfils(x.condition, whole), x.from_state = (whole ->> 'state')::int2, caller_role() = any (x.roles),
      x.side is null or record_mine(x.side, whole), x.to_state <> x.from_state, x.condition is null
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
      and (t.type <> 4 or alert_may(t.kind, whole)) and (t.kind <> 'merge_dispute' or merge_likely(whole))
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

-- A field that is the other side's: its name, or NULL.
create or replace function record_foreign(of_type int2, patch jsonb) returns text stable language plpgsql as $$
begin
  return case when patch <> '{}' then (select f.field from record_field f join office me on me.id = caller_office()
    where f.type = of_type and patch ? f.field and me.system <> all (f.systems) and f.started_on <= today() and (f.ended_on is null or f.ended_on > today())
    limit 1) end;
end $$;

-- What a change still lacks: the reason, or a field that must be set by then; NULL: nothing.
create or replace function record_lacks(rule record_transition, after jsonb, why text) returns text immutable language plpgsql as $$
declare
  named text;
begin
  if rule.reason_required and coalesce(btrim(why), '') = '' then
    return 'reason';
  end if;
  foreach named in array coalesce(rule.required, '{}') loop
    if coalesce(after ->> named, '') = '' then
      return named;
    end if;
  end loop;
  return null;
end $$;
