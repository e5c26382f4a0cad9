-- People: their accounts and what they may act as. As organisation.sql: the owner's rights, the pen held, refusals are answers.

-- Whether the caller administers every office that the account has to do with; an account that has none is anybody's.
create or replace function administers_account(account_id int8) returns bool stable security definer
  set search_path = liandong, pg_catalog, pg_temp language sql as $$
  select caller_role() = 7 and not exists (
    select from assignment a where a.account = account_id and (a.ended_on is null or a.ended_on > today()) and not administers(a.office))
$$;

-- Whether an office would be left without its last administrator or leader, were this account away: roles 3 (station chief), 5 (head
-- of the judicial office) and 7 (administrator) are the ones that nobody below can give back. Another one counts who can log in and
-- whose capacity lasts as long: one that ends tomorrow would leave nobody the day after.
create or replace function is_last(account_id int8, office_id int4, role_number int2) returns bool stable language sql as $$
  select role_number in (3, 5, 7) and not exists (
    select from assignment a join account c on c.id = a.account
    where a.office = office_id and a.role = role_number and a.account <> account_id and c.state = 1 and c.secret is not null
      and a.started_on <= today() and coalesce(a.ended_on, 'infinity') > today()
      and coalesce(a.ended_on, 'infinity') >= (select max(coalesce(m.ended_on, 'infinity')) from assignment m
        where m.account = account_id and m.office = office_id and m.role = role_number))
$$;

create or replace function is_last_anywhere(account_id int8) returns bool stable language sql as $$
  select exists (select from assignment a where a.account = account_id and a.started_on <= today() and (a.ended_on is null or a.ended_on > today())
    and is_last(account_id, a.office, a.role))
$$;

-- Ends logins; every node hears of it within a second.
create or replace function logins_end(ids uuid[], why text) returns void language sql as $$
  with ended as (
      update login l set ended_at = clock_timestamp(), end_reason = why where l.id = any (ids) and l.ended_at is null returning l.id
    )
  insert into login_end(login) select id from ended
$$;

-- "office" that an assignment names, checked. reason NULL: fine.
create or replace function assignment_fault(office_code text, role_number int4, out office_id int4, out reason text, out field text) stable
  language plpgsql as $$
declare
  o office;
begin
  select * into o from office x where x.code = office_code and (x.closed_on is null or x.closed_on > today());
  office_id := o.id;
  if o.id is null then
    reason := case when coalesce(office_code, '') = '' then 'REQUIRED' else 'UNKNOWN_VALUE' end; field := 'office';
  elsif not administers(o.id) then
    reason := 'NOT_YOURS'; field := 'office';
  elsif coalesce(role_number, 0) = 0 then
    reason := 'REQUIRED'; field := 'role';
  end if;
end $$;

create or replace function add_account(request uuid, sent bytea, new_code text, new_name text, office_code text, role_number int4)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'add_account');
  fault record := assignment_fault(office_code, role_number);
  made account;
begin
  if done.outcome is not null then
    return done;
  elsif coalesce(new_code, '') !~ '^[a-z0-9-]{1,64}$' then
    return directory_refusal(case when coalesce(new_code, '') = '' then 'REQUIRED' else 'BAD_CODE' end, 'account');
  elsif coalesce(btrim(new_name), '') = '' then
    return directory_refusal('REQUIRED', 'name');
  elsif fault.reason is not null then
    return directory_refusal(fault.reason, fault.field);
  elsif exists (select from account a where a.code = new_code) then
    return directory_refusal('CODE_TAKEN', 'account');
  end if;
  insert into account(code, name) values (new_code, btrim(new_name)) returning * into made;
  insert into assignment(account, office, role, started_on) values (made.id, fault.office_id, role_number, today());
  return directory_event(request, sent, 'add_account', made.uid, made.code, 1, null,
    jsonb_build_object('name', made.name, 'office', office_code, 'role', role_number::text), null);
end $$;

create or replace function assign_account(request uuid, sent bytea, named text, office_code text, role_number int4, first_day timestamptz,
    last_day timestamptz, why text)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'assign_account');
  fault record := assignment_fault(office_code, role_number);
  a account;
  day date := coalesce((first_day at time zone 'Asia/Shanghai')::date, today());
  ended date := (last_day at time zone 'Asia/Shanghai')::date + 1;
begin
  if done.outcome is not null then
    return done;
  end if;
  select * into a from account x where x.code = named;
  if a.id is null then
    return directory_refusal('NOT_FOUND', 'account');
  elsif fault.reason is not null then
    return directory_refusal(fault.reason, fault.field);
  elsif ended <= day then
    return directory_refusal('OUT_OF_RANGE', 'until');
  elsif exists (select from assignment x where x.account = a.id and x.office = fault.office_id and x.role = role_number
                and (x.ended_on is null or x.ended_on > day)) then
    return directory_refusal('NO_CHANGE', 'account');
  end if;
  insert into assignment(account, office, role, started_on, ended_on) values (a.id, fault.office_id, role_number, day, ended)
  on conflict (account, office, role, started_on) do update set ended_on = excluded.ended_on;
  update account x set version = x.version + 1 where x.id = a.id;
  return directory_event(request, sent, 'assign_account', a.uid, a.code, a.version + 1, null,
    jsonb_build_object('office', office_code, 'role', role_number::text, 'since', day::text, 'until', (ended - 1)::text), why);
end $$;

create or replace function unassign_account(request uuid, sent bytea, named text, office_code text, role_number int4, why text)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'unassign_account');
  fault record := assignment_fault(office_code, role_number);
  a account;
  ids int8[];
begin
  if done.outcome is not null then
    return done;
  end if;
  select * into a from account x where x.code = named;
  select array_agg(x.id) into ids from assignment x
  where x.account = a.id and x.office = fault.office_id and x.role = role_number and (x.ended_on is null or x.ended_on > today());
  if fault.reason is not null then
    return directory_refusal(fault.reason, fault.field);
  elsif ids is null then
    return directory_refusal('NOT_FOUND', 'account');
  elsif coalesce(btrim(why), '') = '' then
    return directory_refusal('REASON_REQUIRED', 'reason');
  elsif is_last(a.id, fault.office_id, role_number::int2) then
    return directory_refusal('LAST_ONE', 'account');
  end if;
  update assignment x set ended_on = greatest(x.started_on, today()) where x.id = any (ids);
  update account x set version = x.version + 1 where x.id = a.id;
  perform logins_end(array(select l.id from login l where l.account = a.id and l.assignment = any (ids) and l.ended_at is null), 'UNASSIGNED');
  return directory_event(request, sent, 'unassign_account', a.uid, a.code, a.version + 1,
    jsonb_build_object('office', office_code, 'role', role_number::text), '{"office": null, "role": null}', why);
end $$;

-- Locks an account or lets it in again. Locking ends its logins.
create or replace function set_account_state(request uuid, sent bytea, wanted text, named text, new_state int2, why text)
  returns directory_receipt security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, wanted);
  a account;
begin
  if done.outcome is not null then
    return done;
  end if;
  select * into a from account x where x.code = named;
  if a.id is null then
    return directory_refusal('NOT_FOUND', 'account');
  elsif not administers_account(a.id) then
    return directory_refusal('NOT_YOURS', 'account');
  elsif coalesce(btrim(why), '') = '' then
    return directory_refusal('REASON_REQUIRED', 'reason');
  elsif a.state = new_state and (new_state = 2 or coalesce(a.blocked_until, '-infinity') <= clock_timestamp()) then
    return directory_refusal('NO_CHANGE', 'account');
  elsif new_state = 2 and is_last_anywhere(a.id) then
    return directory_refusal('LAST_ONE', 'account');
  end if;
  update account x set state = new_state, version = x.version + 1, failures = 0, failing_since = null, blocked_until = null where x.id = a.id;
  if new_state = 2 then
    perform logins_end(array(select l.id from login l where l.account = a.id and l.ended_at is null), 'ACCOUNT_LOCKED');
  end if;
  return directory_event(request, sent, wanted, a.uid, a.code, a.version + 1, jsonb_build_object('state', a.state::text),
    jsonb_build_object('state', new_state::text), why);
end $$;

-- A one-use code with which the person sets a password. It is told here once and kept nowhere: asked again, there is a new one.
create or replace function issue_code(request uuid, sent bytea, named text, out outcome text, out reason text, out field text, out account text,
    out code text, out until timestamptz, out at timestamptz, out replay bool)
  security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'issue_code');
  a account;
begin
  outcome := done.outcome; reason := done.reason; field := done.field; account := done.code; at := done.at; replay := done.replay;
  if outcome is not null then
    return;
  end if;
  select * into a from account x where x.code = named;
  outcome := 'refused'; field := 'account';
  reason := case when a.id is null then 'NOT_FOUND' when not administers_account(a.id) then 'NOT_YOURS' when a.state <> 1 then 'ACCOUNT_LOCKED' end;
  if reason is not null then
    return;
  end if;
  done := directory_event(request, sent, 'issue_code', a.uid, a.code, a.version + 1, null, '{}', null);
  select c.code, c.until into code, until from one_use_code(a.id) c;
  outcome := done.outcome; field := null; account := a.code; at := done.at; replay := false;
end $$;

-- Eighty random bits in four-digit groups: nobody guesses them within the day that they live.
create or replace function one_use_code(account_id int8, out code text, out until timestamptz) language plpgsql as $$
begin
  code := regexp_replace(substr(encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex'), 1, 20), '(....)(?=.)', '\1-', 'g');
  until := clock_timestamp() + make_interval(hours => (login_rule_now()).code_hours);
  update account x set one_use = sha256(convert_to(one_use_code.code, 'UTF8')), one_use_until = until, version = x.version + 1 where x.id = account_id;
end $$;

create or replace function account_rows(office_code text, named text, after_code text, most int4)
  returns table(account text, name text, state int2, office text, office_name text, role int2, since timestamptz, until timestamptz,
    has_password bool, blocked_until timestamptz, last_login_at timestamptz)
  stable security definer set search_path = liandong, pg_catalog, pg_temp language sql as $$
  select c.code, c.name, c.state, o.code, o.name, a.role, a.started_on::timestamp at time zone 'Asia/Shanghai',
    (a.ended_on - 1)::timestamp at time zone 'Asia/Shanghai', c.secret is not null,
    case when c.blocked_until > clock_timestamp() then c.blocked_until end, (select max(l.started_at) from login l where l.account = c.id)
  from (select * from account x
        where x.code > coalesce(after_code, '') and (named is null or x.code = named)
          and exists (select from assignment a join office o on o.id = a.office where a.account = x.id and administers(o.id)
                      and (office_code is null or o.code = office_code))
        order by x.code limit most) c
    join assignment a on a.account = c.id join office o on o.id = a.office
  order by c.code, a.started_on
$$;

grant execute on function administers_account(int8), add_account(uuid, bytea, text, text, text, int4),
  assign_account(uuid, bytea, text, text, int4, timestamptz, timestamptz, text), unassign_account(uuid, bytea, text, text, int4, text),
  set_account_state(uuid, bytea, text, text, int2, text), issue_code(uuid, bytea, text), account_rows(text, text, text, int4) to liandong_app;
