-- Positions (阵地) and who is on duty there. As organisation.sql: the owner's rights, the pen held, refusals are answers.

-- Who is told of an office's positions and rosters: desk officers (enum Role 1 to 5) of that office and of the one paired with it today,
-- and whoever administers it. Nobody else: who is where at night is worth knowing to many.
create or replace function roster_seen(office_id int4) returns bool stable language plpgsql as $$
begin
  return coalesce(caller_role() between 1 and 5 and (office_id = caller_office() or paired_today(office_id, caller_office())), false) or administers(office_id);
end $$;

create or replace function paired_today(one int4, other int4) returns bool stable language sql as $$
  select exists (select from pairing p where (p.station, p.judicial) in ((one, other), (other, one)) and p.station_agreed and p.judicial_agreed
    and p.started_on <= today() and (p.ended_on is null or p.ended_on > today()))
$$;

create or replace function post_fields(p post) returns jsonb stable language sql as $$
  select jsonb_build_object('office', (select o.code from office o where o.id = p.office), 'name', p.name,
    'kind', (array['centre', 'outpost'])[p.kind], 'place', p.place, 'phone', p.phone)
$$;

-- The open position of this code, for one who means to change it: `spot`, or the refusal in `no` (outcome NULL: none). Who may not see
-- the position's office can't tell it from one that isn't there.
create or replace function find_position(named text, out spot post, out no directory_receipt) stable language plpgsql as $$
begin
  select * into spot from post x where x.code = named and x.closed_at is null;
  if spot.id is null or not roster_seen(spot.office) then
    no := directory_refusal(case when coalesce(named, '') = '' then 'REQUIRED' else 'NOT_FOUND' end, 'position');
  elsif not administers(spot.office) then
    no := directory_refusal('NOT_YOURS', 'position');
  end if;
end $$;

create or replace function roster_time(at timestamptz) returns text immutable language sql as $$
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$;

create or replace function open_position(request uuid, sent bytea, new_code text, office_code text, new_name text, new_kind int4, new_place text, new_phone text)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'open_position');
  o office;
  made post;
begin
  if done.outcome is not null then
    return done;
  end if;
  select * into o from office x where x.code = office_code and (x.closed_on is null or x.closed_on > today());
  if coalesce(new_code, '') !~ '^[a-z0-9-]{1,64}$' then
    return directory_refusal(case when coalesce(new_code, '') = '' then 'REQUIRED' else 'BAD_CODE' end, 'position');
  elsif o.id is null then
    return directory_refusal(case when coalesce(office_code, '') = '' then 'REQUIRED' else 'UNKNOWN_VALUE' end, 'office');
  elsif not administers(o.id) then
    return directory_refusal('NOT_YOURS', 'office');
  elsif coalesce(btrim(new_name), '') = '' then
    return directory_refusal('REQUIRED', 'name');
  elsif coalesce(new_kind, 0) not in (1, 2) then
    return directory_refusal('REQUIRED', 'kind');
  elsif coalesce(btrim(new_place), '') = '' then
    return directory_refusal('REQUIRED', 'place');
  elsif exists (select from post p where p.code = new_code) then
    return directory_refusal('CODE_TAKEN', 'position');
  elsif new_kind = 1 and exists (select from post p where p.office = o.id and p.kind = 1 and p.closed_at is null) then
    return directory_refusal('CENTRE_THERE', 'kind');
  end if;
  insert into post(code, office, name, kind, place, phone)
  values (new_code, o.id, btrim(new_name), new_kind, btrim(new_place), nullif(btrim(new_phone), '')) returning * into made;
  return directory_event(request, sent, 'open_position', made.uid, made.code, 1, null, post_fields(made), null);
end $$;

create or replace function change_position(request uuid, sent bytea, named text, base int4, new_name text, new_place text, new_phone text, why text)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'change_position');
  sought record;
  before post;
  after post;
begin
  if done.outcome is not null then
    return done;
  end if;
  sought := find_position(named);
  before := sought.spot;
  if (sought.no).outcome is not null then
    return sought.no;
  elsif base is distinct from before.version and base is not null then
    return directory_refusal('VERSION_CONFLICT', 'base_version');
  end if;
  after := before;
  after.name := coalesce(nullif(btrim(new_name), ''), before.name);
  after.place := coalesce(nullif(btrim(new_place), ''), before.place);
  after.phone := case when new_phone is null then before.phone else nullif(btrim(new_phone), '') end;
  if post_fields(after) = post_fields(before) then
    return directory_refusal('NO_CHANGE', 'position');
  end if;
  update post p set name = after.name, place = after.place, phone = after.phone, version = p.version + 1 where p.id = before.id;
  return directory_event(request, sent, 'change_position', before.uid, before.code, before.version + 1, post_fields(before), post_fields(after), why);
end $$;

-- Nobody is on duty at a closed position: what is to come falls away, who is there now goes.
create or replace function close_position(request uuid, sent bytea, named text, why text)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'close_position');
  sought record;
  p post;
  moment timestamptz := date_trunc('minute', clock_timestamp());
begin
  if done.outcome is not null then
    return done;
  end if;
  sought := find_position(named);
  p := sought.spot;
  if (sought.no).outcome is not null then
    return sought.no;
  elsif coalesce(btrim(why), '') = '' then
    return directory_refusal('REASON_REQUIRED', 'reason');
  end if;
  delete from duty d where d.post = p.id and d.since >= moment;
  update duty d set until = moment where d.post = p.id and d.until > moment;
  update post x set closed_at = clock_timestamp(), version = x.version + 1 where x.id = p.id;
  return directory_event(request, sent, 'close_position', p.uid, p.code, p.version + 1, '{"closed_on": null}',
    jsonb_build_object('closed_on', today()::text), why);
end $$;

-- Puts an account on duty. It has to be of the position's office, or of one paired with it today, on the first and on the last day; and
-- nobody is in two places at once.
create or replace function set_duty(request uuid, sent bytea, named text, person text, first_at timestamptz, last_at timestamptz)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'set_duty');
  sought record;
  p post;
  a account;
  begins timestamptz := date_trunc('minute', first_at);
  ends timestamptz := date_trunc('minute', last_at);
begin
  if done.outcome is not null then
    return done;
  end if;
  sought := find_position(named);
  p := sought.spot;
  select * into a from account x where x.code = person;
  if (sought.no).outcome is not null then
    return sought.no;
  elsif a.id is null then
    return directory_refusal(case when coalesce(person, '') = '' then 'REQUIRED' else 'UNKNOWN_VALUE' end, 'account');
  elsif begins is null or ends is null then
    return directory_refusal('REQUIRED', case when begins is null then 'since' else 'until' end);
  elsif ends <= begins or ends <= clock_timestamp() then
    return directory_refusal('OUT_OF_RANGE', 'until');
  elsif exists (select from generate_series(0, 1) side where not exists (
                  select from assignment x cross join lateral (
                      select ((case side when 0 then begins else ends - interval '1 minute' end) at time zone 'Asia/Shanghai')::date as day) d
                  where x.account = a.id and (x.office = p.office or paired_today(x.office, p.office))
                    and x.started_on <= d.day and (x.ended_on is null or x.ended_on > d.day))) then
    return directory_refusal('NOT_OF_OFFICE', 'account');
  elsif a.state <> 1 then
    return directory_refusal('ACCOUNT_LOCKED', 'account');
  elsif exists (select from duty d where d.account = a.id and d.post = p.id and d.since = begins and d.until = ends) then
    return directory_refusal('NO_CHANGE', 'account');
  elsif exists (select from duty d where d.account = a.id and d.since < ends and d.until > begins) then
    return directory_refusal('DUTY_OVERLAP', 'account');
  end if;
  insert into duty(post, account, since, until) values (p.id, a.id, begins, ends);
  update post x set version = x.version + 1 where x.id = p.id;
  return directory_event(request, sent, 'set_duty', p.uid, p.code, p.version + 1, null,
    jsonb_build_object('account', a.code, 'since', roster_time(begins), 'until', roster_time(ends)), null);
end $$;

-- Takes the duty that holds at, or begins with, `at`; one that has begun ends now instead.
create or replace function remove_duty(request uuid, sent bytea, named text, person text, moment timestamptz, why text)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'remove_duty');
  sought record;
  p post;
  found_duty duty;
  present timestamptz := date_trunc('minute', clock_timestamp());
begin
  if done.outcome is not null then
    return done;
  end if;
  sought := find_position(named);
  p := sought.spot;
  if (sought.no).outcome is not null then
    return sought.no;
  elsif moment is null then
    return directory_refusal('REQUIRED', 'since');
  end if;
  select d.* into found_duty from duty d join account a on a.id = d.account
  where d.post = p.id and a.code = person and d.since <= moment and d.until > moment and d.until > clock_timestamp();
  if found_duty.id is null then
    return directory_refusal('NOT_FOUND', 'account');
  elsif coalesce(btrim(why), '') = '' then
    return directory_refusal('REASON_REQUIRED', 'reason');
  elsif found_duty.since >= present then
    delete from duty d where d.id = found_duty.id;
  else
    update duty d set until = present where d.id = found_duty.id;
  end if;
  update post x set version = x.version + 1 where x.id = p.id;
  return directory_event(request, sent, 'remove_duty', p.uid, p.code, p.version + 1,
    jsonb_build_object('account', person, 'since', roster_time(found_duty.since), 'until', roster_time(found_duty.until)),
    case when found_duty.since >= present then '{"account": null, "since": null, "until": null}'
         else jsonb_build_object('account', person, 'since', roster_time(found_duty.since), 'until', roster_time(present)) end, why);
end $$;

create or replace function post_rows(office_code text, after_code text, most int4)
  returns table(post text, office text, office_name text, name text, kind int2, place text, phone text, version int4)
  stable security definer set search_path = liandong, pg_catalog, pg_temp language sql as $$
  select p.code, o.code, o.name, p.name, p.kind, p.place, p.phone, p.version
  from post p join office o on o.id = p.office
  where p.closed_at is null and p.code > coalesce(after_code, '') and (office_code is null or o.code = office_code) and roster_seen(o.id)
  order by p.code limit most
$$;

-- In the order of their beginning. Where no period is asked for: what is on now and what comes.
create or replace function duty_rows(post_code text, office_code text, person text, first_at timestamptz, last_at timestamptz, now_only bool,
    after_at timestamptz, after_id int8, most int4)
  returns table(id int8, post text, post_name text, office text, office_name text, kind int2, place text, phone text, account text,
    account_name text, since timestamptz, until timestamptz)
  stable security definer set search_path = liandong, pg_catalog, pg_temp language sql as $$
  select d.id, p.code, p.name, o.code, o.name, p.kind, p.place, p.phone, a.code, a.name, d.since, d.until
  from (select x.id, x.code, x.name from office x where (office_code is null or x.code = office_code) and roster_seen(x.id)) o
    join post p on p.office = o.id join duty d on d.post = p.id join account a on a.id = d.account
  where (post_code is null or p.code = post_code) and (person is null or a.code = person)
    and d.until > coalesce(first_at, statement_timestamp()) and (last_at is null or d.since < last_at)
    and (not coalesce(now_only, false) or d.since <= statement_timestamp() and d.until > statement_timestamp())
    and (after_at is null or (d.since, d.id) > (after_at, after_id))
  order by d.since, d.id limit most
$$;

grant execute on function open_position(uuid, bytea, text, text, text, int4, text, text),
  change_position(uuid, bytea, text, int4, text, text, text, text), close_position(uuid, bytea, text, text),
  set_duty(uuid, bytea, text, text, timestamptz, timestamptz), remove_duty(uuid, bytea, text, text, timestamptz, text),
  post_rows(text, text, int4), duty_rows(text, text, text, timestamptz, timestamptz, bool, timestamptz, int8, int4) to liandong_app;
