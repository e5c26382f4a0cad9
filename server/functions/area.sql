-- Areas and the offices they are assigned to, changed by administrators. As organisation.sql: the owner's rights, the pen held, refusals
-- are answers.
--
-- Decision 2026-11, the relation AREA: an incident may name one area, and the offices to which that is assigned today see it up to the level
-- of right_rule, besides those that see it by its origin. An area is one more origin: right_seen.beyond holds -(area * 8 + level) beside
-- office * 8 + level, record_marks puts the record's own beside its origin's, and the predicate stays one overlap of two arrays; whoever
-- has no area compares one number more, and only where the origin does not settle it. Lists, snapshots and backlogs of an area are read
-- from partial indexes that hold records of areas alone, and merged with those of the origins. The feed's events keep no area, for what
-- counts is the record's now; a correction that moves a record says from where (feed_told.area_was), which makes a retract for those who
-- lose it and a grant for those who gain it. An assignment that begins or ends changes right_seen, and so the veil of watchers: they start anew.
-- Who reports or corrects a record says its area (incident_transition: the office that entered it), and only one that this office's own
-- side looks after or that is assigned to it: so nobody opens records to others by naming an area of which he knows no more than the code.

-- What holds today.
create or replace view area_today as
  select x.area, x.office from area_office x join area a on a.id = x.area
  where x.started_on <= today() and (x.ended_on is null or x.ended_on > today()) and (a.closed_on is null or a.closed_on > today());
grant select on area_today to liandong_app;

-- The area of this code, where records of that office may name it: one of its own or of an office above it, or one that is assigned to it.
create or replace function area_named(said text, entering int4) returns int4 stable language plpgsql as $$
begin
  return (select a.id from area a
    where a.code = said and (a.closed_on is null or a.closed_on > today())
      and (exists (select from area_today t where t.area = a.id and t.office = entering)
        or a.office in (with recursive up(id, parent) as (select o.id, o.parent from office o where o.id = entering
                          union select o.id, o.parent from office o join up on o.id = up.parent) select up.id from up)));
end $$;

-- Whom an event concerns, and besides them the offices of an area.
create or replace function audience_with(told int4[], of_area int4) returns int4[] stable language plpgsql as $$
begin
  return case when of_area is null then told else array(select unnest(told) union select t.office from area_today t where t.area = of_area) end;
end $$;

-- The open area of this code, for one who means to change it: `spot`, or the refusal in `no` (outcome NULL: none).
create or replace function find_area(named text, out spot area, out no directory_receipt) stable language plpgsql as $$
begin
  select * into spot from area x where x.code = named and (x.closed_on is null or x.closed_on > today());
  if spot.id is null then
    no := directory_refusal(case when coalesce(named, '') = '' then 'REQUIRED' else 'NOT_FOUND' end, 'area');
  elsif not administers(spot.office) then
    no := directory_refusal('NOT_YOURS', 'area');
  end if;
end $$;

create or replace function open_area(request uuid, sent bytea, new_code text, new_name text, office_code text)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'open_area');
  o office;
  made area;
begin
  if done.outcome is not null then
    return done;
  end if;
  select * into o from office x where x.code = office_code and (x.closed_on is null or x.closed_on > today());
  if coalesce(new_code, '') !~ '^[a-z0-9-]{1,64}$' then
    return directory_refusal(case when coalesce(new_code, '') = '' then 'REQUIRED' else 'BAD_CODE' end, 'area');
  elsif coalesce(btrim(new_name), '') = '' then
    return directory_refusal('REQUIRED', 'name');
  elsif o.id is null then
    return directory_refusal(case when coalesce(office_code, '') = '' then 'REQUIRED' else 'UNKNOWN_VALUE' end, 'office');
  elsif not administers(o.id) then
    return directory_refusal('NOT_YOURS', 'office');
  elsif exists (select from area a where a.code = new_code) then
    return directory_refusal('CODE_TAKEN', 'area');
  end if;
  insert into area(code, name, office) values (new_code, btrim(new_name), o.id) returning * into made;
  return directory_event(request, sent, 'open_area', made.uid, made.code, 1, null, jsonb_build_object('name', made.name, 'office', o.code), null);
end $$;

create or replace function change_area(request uuid, sent bytea, named text, base int4, new_name text, why text)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'change_area');
  sought record;
  before area;
begin
  if done.outcome is not null then
    return done;
  end if;
  sought := find_area(named);
  before := sought.spot;
  if (sought.no).outcome is not null then
    return sought.no;
  elsif base is distinct from before.version and base is not null then
    return directory_refusal('VERSION_CONFLICT', 'base_version');
  elsif coalesce(btrim(new_name), before.name) in ('', before.name) then
    return directory_refusal('NO_CHANGE', 'area');
  end if;
  update area a set name = btrim(new_name), version = a.version + 1 where a.id = before.id;
  return directory_event(request, sent, 'change_area', before.uid, before.code, before.version + 1,
    jsonb_build_object('name', before.name), jsonb_build_object('name', btrim(new_name)), why);
end $$;

-- From today on it is none: nothing more is entered in it, and nobody sees by it what was. What was entered keeps its name.
create or replace function close_area(request uuid, sent bytea, named text, why text)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'close_area');
  sought record;
  a area;
begin
  if done.outcome is not null then
    return done;
  end if;
  sought := find_area(named);
  a := sought.spot;
  if (sought.no).outcome is not null then
    return sought.no;
  elsif coalesce(btrim(why), '') = '' then
    return directory_refusal('REASON_REQUIRED', 'reason');
  end if;
  update area x set closed_on = today(), version = x.version + 1 where x.id = a.id;
  return directory_event(request, sent, 'close_area', a.uid, a.code, a.version + 1, '{"closed_on": null}', jsonb_build_object('closed_on', today()::text), why);
end $$;

-- Assigns an area to an office, or sets another last day of what holds or is to come.
create or replace function assign_area(request uuid, sent bytea, named text, office_code text, first_day timestamptz, last_day timestamptz, why text)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'assign_area');
  sought record;
  a area;
  o office;
  held area_office;
  begins date := coalesce((first_day at time zone 'Asia/Shanghai')::date, today());
  ends date := (last_day at time zone 'Asia/Shanghai')::date + 1;
begin
  if done.outcome is not null then
    return done;
  end if;
  sought := find_area(named);
  a := sought.spot;
  select * into o from office x where x.code = office_code and (x.closed_on is null or x.closed_on > today());
  if (sought.no).outcome is not null then
    return sought.no;
  elsif o.id is null then
    return directory_refusal(case when coalesce(office_code, '') = '' then 'REQUIRED' else 'UNKNOWN_VALUE' end, 'office');
  elsif begins < today() then
    return directory_refusal('OUT_OF_RANGE', 'since');
  elsif ends <= begins then
    return directory_refusal('OUT_OF_RANGE', 'until');
  end if;
  select * into held from area_office x where x.area = a.id and x.office = o.id and (x.ended_on is null or x.ended_on > today())
  order by x.started_on limit 1;
  if held.area is null then
    insert into area_office(area, office, started_on, ended_on) values (a.id, o.id, begins, ends);
  elsif held.ended_on is not distinct from ends or first_day is not null and begins <> held.started_on or ends <= held.started_on then
    return directory_refusal(case when held.ended_on is not distinct from ends then 'NO_CHANGE' else 'OUT_OF_RANGE' end,
      case when held.ended_on is not distinct from ends then 'office' else 'since' end);
  else
    begins := held.started_on;
    update area_office x set ended_on = ends where x.area = a.id and x.office = o.id and x.started_on = begins;
  end if;
  update area x set version = x.version + 1 where x.id = a.id;
  return directory_event(request, sent, 'assign_area', a.uid, a.code, a.version + 1,
    case when held.area is not null then jsonb_build_object('assigned_to', o.code, 'since', held.started_on::text, 'until', (held.ended_on - 1)::text) end,
    jsonb_build_object('assigned_to', o.code, 'since', begins::text, 'until', (ends - 1)::text), why);
end $$;

-- Takes it away at once: what holds ends with yesterday, what is to come falls away.
create or replace function unassign_area(request uuid, sent bytea, named text, office_code text, why text)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'unassign_area');
  sought record;
  a area;
  holder int4 := (select o.id from office o where o.code = office_code);
begin
  if done.outcome is not null then
    return done;
  end if;
  sought := find_area(named);
  a := sought.spot;
  if (sought.no).outcome is not null then
    return sought.no;
  elsif not exists (select from area_office x where x.area = a.id and x.office = holder and (x.ended_on is null or x.ended_on > today())) then
    return directory_refusal(case when coalesce(office_code, '') = '' then 'REQUIRED' else 'NOT_FOUND' end, 'office');
  elsif coalesce(btrim(why), '') = '' then
    return directory_refusal('REASON_REQUIRED', 'reason');
  end if;
  delete from area_office x where x.area = a.id and x.office = holder and x.started_on >= today();
  update area_office x set ended_on = today() where x.area = a.id and x.office = holder and (x.ended_on is null or x.ended_on > today());
  update area x set version = x.version + 1 where x.id = a.id;
  return directory_event(request, sent, 'unassign_area', a.uid, a.code, a.version + 1, jsonb_build_object('assigned_to', office_code),
    '{"assigned_to": null}', why);
end $$;

grant execute on function open_area(uuid, bytea, text, text, text), change_area(uuid, bytea, text, int4, text, text), close_area(uuid, bytea, text, text),
  assign_area(uuid, bytea, text, text, timestamptz, timestamptz, text), unassign_area(uuid, bytea, text, text, text) to liandong_app;
