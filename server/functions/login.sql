-- Logins. Passwords are checked by the server (common/secret.h), which tells here only whether it fitted; what counts, blocks and
-- begins is decided here, under the owner's rights.

create or replace function login_rule_now() returns login_rule stable language sql as $$
  select r from login_rule r where r.since <= today() order by r.since desc limit 1
$$;

-- What the server needs to check a password: NULL secret where there is nothing to check it against, which it must not let show.
create or replace function login_secret(named text, account_id int8, out secret bytea, out password_least int4) stable security definer
  set search_path = liandong, pg_catalog, pg_temp language sql as $$
  select (select a.secret from account a where (a.code = named or named is null and a.id = account_id) and a.state = 1), (login_rule_now()).password_least
$$;

-- One try. fits: the password (or, with code_hash, the one-use code's turn to be checked here). Whoever fails too often within a while is
-- blocked for a while; that is told only to who had the right password, so that nobody learns which accounts there are.
-- new_secret: the password to be from now on. Of several assignments that fit, the device's own office comes first.
create or replace function login_begin(named text, fits bool, code_hash bytea, new_secret bytea, token_hash bytea, device_id int8, login_id uuid,
    office_code text, role_number int4,
    out outcome text, out reason text, out field text, out account int8, out office int4, out system int2, out role int2, out office_code_out text,
    out office_name text, out officer text, out ends_at timestamptz, out idle_minutes int4)
  security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  now_ timestamptz := clock_timestamp();
  rule login_rule := login_rule_now();
  a account;
  d device;
  s record;
begin
  outcome := 'refused';
  select * into a from account x where x.code = named;
  select * into d from device x where x.id = device_id and not x.revoked;
  if a.id is null or a.state <> 1 or d.id is null then
    reason := 'WRONG_PASSWORD';
    return;
  end if;
  if code_hash is not null then
    fits := a.one_use = code_hash and a.one_use_until > now_;
  end if;
  if a.blocked_until > now_ then
    reason := case when fits then 'LOGIN_BLOCKED' else 'WRONG_PASSWORD' end;
    return;
  elsif fits is not true then
    if a.failing_since is null or a.failing_since < now_ - make_interval(mins => rule.failure_minutes) then
      a.failing_since := now_;
      a.failures := 0;
    end if;
    a.failures := a.failures + 1;
    update account x set failures = a.failures, failing_since = a.failing_since,
      blocked_until = case when a.failures >= rule.failures then now_ + make_interval(mins => rule.block_minutes) end
    where x.id = a.id;
    reason := 'WRONG_PASSWORD';
    return;
  end if;
  select p.id, p.role, o.id as office, o.code, o.name, o.system into s
  from assignment p join office o on o.id = p.office
  where p.account = a.id and p.started_on <= today() and (p.ended_on is null or p.ended_on > today()) and (o.closed_on is null or o.closed_on > today())
    and (office_code is null or o.code = office_code) and (coalesce(role_number, 0) = 0 or p.role = role_number)
  order by o.id = d.office desc, p.started_on, p.id limit 1;
  if s.id is null then
    reason := 'NO_ASSIGNMENT';
    return;
  -- A device is its office's: who has nothing to do with that office does not work on it.
  elsif not exists (select from assignment p where p.account = a.id and p.office = d.office and p.started_on <= today()
                    and (p.ended_on is null or p.ended_on > today())) then
    reason := 'OTHER_OFFICES_DEVICE';
    return;
  end if;
  update account x set failures = 0, failing_since = null, blocked_until = null, secret = coalesce(new_secret, x.secret),
    one_use = case when new_secret is null then x.one_use end, one_use_until = case when new_secret is null then x.one_use_until end
  where x.id = a.id;
  ends_at := date_trunc('milliseconds', now_ + make_interval(hours => rule.hours));
  insert into login(id, token, account, assignment, device, started_at, seen_at, ends_at)
  values (login_id, token_hash, a.id, s.id, d.id, now_, now_, ends_at);
  outcome := 'done'; account := a.id; office := s.office; system := s.system; role := s.role; office_code_out := s.code; office_name := s.name;
  officer := a.name || ' ' || a.code; idle_minutes := rule.idle_minutes;
end $$;

-- A connection says whose login it is. reason NULL: it counts, and is seen now. Idleness is measured from the last minute in which it was.
create or replace function login_resume(token_hash bytea, device_id int8, out login uuid, out account int8, out office int4, out system int2,
    out role int2, out office_code text, out office_name text, out officer text, out ends_at timestamptz, out reason text)
  security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  now_ timestamptz := clock_timestamp();
  rule login_rule := login_rule_now();
  l login;
begin
  select * into l from login x where x.token = token_hash and x.device = device_id;
  if l.id is null or l.ended_at is not null or l.ends_at <= now_ then
    reason := 'LOGIN_ENDED';
    return;
  elsif l.seen_at < now_ - make_interval(mins => rule.idle_minutes) then
    reason := 'LOGIN_IDLE';
    return;
  end if;
  select l.id, a.id, o.id, o.system, p.role, o.code, o.name, a.name || ' ' || a.code, l.ends_at
    into login, account, office, system, role, office_code, office_name, officer, ends_at
  from account a, assignment p join office o on o.id = p.office
  where a.id = l.account and a.state = 1 and p.id = l.assignment and p.started_on <= today() and (p.ended_on is null or p.ended_on > today())
    and (o.closed_on is null or o.closed_on > today());
  if account is null then
    reason := 'LOGIN_ENDED';
  elsif l.seen_at < now_ - interval '1 minute' then
    update login x set seen_at = now_ where x.id = l.id;
  end if;
end $$;

-- Logins whose assignment or office ended with a day.
create or replace function logins_lapse() returns void language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  perform logins_end(array(select l.id from login l join assignment p on p.id = l.assignment join office o on o.id = p.office
    where l.ended_at is null and (p.ended_on <= today() or o.closed_on <= today())), 'UNASSIGNED');
end $$;

-- Those logins have a connection open: they are in use.
create or replace function logins_seen(ids uuid[]) returns int8 security definer set search_path = liandong, pg_catalog, pg_temp language sql as $$
  with seen as (update login l set seen_at = clock_timestamp() where l.id = any (ids) and l.ended_at is null returning 1)
  select count(*) from seen
$$;

-- Sets the caller's own password; all other logins of the account end.
create or replace function password_set(fits bool, new_secret bytea, out outcome text, out reason text, out field text)
  security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  a account;
begin
  select * into a from account x where x.id = caller_account();
  outcome := 'refused';
  if a.id is null or fits is not true then
    reason := 'WRONG_PASSWORD'; field := 'password';
    return;
  end if;
  update account x set secret = new_secret, version = x.version + 1 where x.id = a.id;
  perform logins_end(array(select l.id from login l where l.account = a.id and l.ended_at is null and l.id <> caller_login()), 'PASSWORD_CHANGED');
  outcome := 'done';
end $$;

-- Ends a login: one's own, or, for an administrator, that of an account they look after.
create or replace function end_login(request uuid, sent bytea, wanted uuid, why text, out outcome text, out reason text, out field text, out ended_at timestamptz, out replay bool)
  security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  l login;
begin
  outcome := 'refused'; field := 'login';
  select * into l from login x where x.id = coalesce(wanted, caller_login());
  reason := case when l.id is null then 'NOT_FOUND'
    when l.account <> coalesce(caller_account(), 0) and not administers_account(l.account) then 'NOT_FOUND' end;
  if reason is not null then
    return;
  end if;
  perform logins_end(array[l.id], case when l.account = caller_account() then 'LOGOUT' else 'ENDED_BY_ADMIN' end);
  outcome := 'done'; field := null; replay := false;
  ended_at := coalesce(l.ended_at, date_trunc('milliseconds', clock_timestamp()));
end $$;

create or replace function login_rows(named text, open_only bool, most int4)
  returns table(login uuid, account text, officer text, office text, role int2, device text, started_at timestamptz, seen_at timestamptz,
    ends_at timestamptz, ended_at timestamptz, end_reason text)
  stable security definer set search_path = liandong, pg_catalog, pg_temp language sql as $$
  select l.id, a.code, a.name, o.code, p.role, d.name, l.started_at, l.seen_at, l.ends_at, l.ended_at, l.end_reason
  from login l join account a on a.id = l.account join assignment p on p.id = l.assignment join office o on o.id = p.office
    join device d on d.id = l.device
  where (named is null or a.code = named) and (a.id = caller_account() or administers_account(a.id))
    and (not coalesce(open_only, false) or l.ended_at is null and l.ends_at > clock_timestamp())
  order by l.started_at desc limit most
$$;

grant execute on function login_secret(text, int8), login_begin(text, bool, bytea, bytea, bytea, int8, uuid, text, int4), login_resume(bytea, int8),
  logins_seen(uuid[]), password_set(bool, bytea), end_login(uuid, bytea, uuid, text), login_rows(text, bool, int4) to liandong_app;
