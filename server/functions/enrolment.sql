-- Devices: invited, enrolled, certified anew, revoked. All of it runs under the owner's rights with the pen held: the server's role can
-- change devices in no other way. A refusal is an answer, nothing here raises.

create or replace function enrolment_rule_now() returns enrolment_rule stable language sql as $$
  select r from enrolment_rule r where r.since <= today() order by r.since desc limit 1
$$;

-- What a person types: see common/invitation.h. RFC 4648's base32 of secret, the authority's first bytes and a check byte.
create or replace function invitation_text(secret bytea, authority bytea) returns text immutable language sql as $$
  select string_agg(substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', substring(b.bits from 1 + 5 * i for 5)::bit(5)::int4 + 1, 1)
      || case when i % 4 = 3 and i < 51 then '-' else '' end, '' order by i)
  from (select secret || substr(authority, 1, 15) as said) s,
    lateral (select ('x' || encode(s.said || substr(sha256(s.said), 1, 1), 'hex'))::bit(256) || b'0000' as bits) b,
    generate_series(0, 51) i
$$;

-- So many random bytes, 32 at most: two random UUIDs carry 244 random bits.
create or replace function random_bytes(count int4) returns bytea volatile language sql as $$
  select substr(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 1, count)
$$;

-- Whether this device may be invited to this office; reason NULL: it may.
create or replace function invitation_fault(o office, device_name text, device_role int4, authority bytea, out reason text, out field text)
  stable language plpgsql as $$
declare
  there device;
begin
  select * into there from device d where d.name = device_name;
  if authority is null then
    reason := 'ENROLMENT_ELSEWHERE';
  elsif o.id is null or o.closed_on <= today() then
    reason := 'UNKNOWN_VALUE'; field := 'office';
  elsif coalesce(device_name, '') !~ '^[a-z0-9-]{1,64}$' then
    reason := case when coalesce(device_name, '') = '' then 'REQUIRED' else 'BAD_CODE' end; field := 'device';
  elsif there.office <> o.id then
    reason := 'DEVICE_TAKEN'; field := 'device';
  elsif device_role not in (1, 2, 4, 6) then
    -- no machine alone is a head, an administrator or an auditor: a second person is a person
    reason := 'UNKNOWN_VALUE'; field := 'role';
  end if;
end $$;

-- Makes the invitation, or for the same request and while nobody has used it a new secret: the one before was told to nobody.
create or replace function invitation_make(wanted_by uuid, o office, device_name text, device_role int4, authority bytea, officer text,
    moment timestamptz, out token text, out until timestamptz, out replaces bool) language plpgsql as $$
declare
  secret bytea := random_bytes(16);
begin
  until := moment + make_interval(mins => (enrolment_rule_now()).token_minutes);
  replaces := exists (select from device d where d.name = device_name);
  token := invitation_text(secret, authority);
  -- an older one for the same device is good no longer
  update invitation i set until = least(i.until, moment) where i.device = device_name and i.used_by is null and i.request <> wanted_by;
  insert into invitation(hash, request, office, device, role, made_by, made_at, until)
  values (sha256(secret), wanted_by, o.id, device_name, device_role, officer, moment, invitation_make.until)
  on conflict (request) do update set hash = excluded.hash, made_at = excluded.made_at, until = excluded.until where invitation.used_by is null;
end $$;

create or replace function invite_device(wanted_by uuid, sent bytea, authority bytea, office_code text, device_name text, device_role int4,
    out outcome text, out reason text, out field text, out device text, out office_code_out text, out office_name text, out token text,
    out until timestamptz, out replaces bool, out at timestamptz, out replay bool)
  security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(wanted_by, sent, 'invite_device');
  o office;
  fault record;
begin
  outcome := 'refused';
  if done.outcome = 'refused' then
    reason := done.reason; field := done.field;
    return;
  end if;
  select * into o from office x where x.code = office_code;
  if coalesce(office_code, '') = '' then
    reason := 'REQUIRED'; field := 'office';
  elsif o.id is not null and not administers(o.id) then
    reason := 'NOT_YOURS'; field := 'office';
  else
    fault := invitation_fault(o, device_name, device_role, authority);
    reason := fault.reason; field := fault.field;
  end if;
  if reason is null and exists (select from invitation i where i.request = wanted_by and i.used_by is not null) then
    reason := 'TOKEN_USED';
  end if;
  if reason is not null then
    return;
  end if;
  if done.outcome is null then
    done := directory_event(wanted_by, sent, 'invite_device', o.uid, device_name, 1, null,
      jsonb_build_object('office', o.code, 'role', device_role::text), null);
  end if;
  select m.token, m.until, m.replaces into token, until, replaces
  from invitation_make(wanted_by, o, device_name, device_role, authority, coalesce(caller_officer(), ''), date_trunc('milliseconds', clock_timestamp())) m;
  outcome := done.outcome; device := device_name; office_code_out := o.code; office_name := o.name; at := done.at; replay := done.replay;
end $$;

-- The operator's way, on the server's own machine and under the owner's role: how the first device of all comes in. No event: nobody
-- of the directory did it. reason NULL: token and until.
create or replace function invite_first_device(authority bytea, office_code text, device_name text, device_role int4,
    out reason text, out field text, out token text, out until timestamptz, out replaces bool)
  set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  o office;
  fault record;
begin
  select * into o from office x where x.code = office_code;
  fault := invitation_fault(o, device_name, device_role, authority);
  reason := fault.reason; field := fault.field;
  if reason is null then
    select m.token, m.until, m.replaces into token, until, replaces
    from invitation_make(gen_random_uuid(), o, device_name, device_role, authority, session_user::text, date_trunc('milliseconds', clock_timestamp())) m;
  end if;
end $$;
revoke execute on function invite_first_device(bytea, text, text, int4) from public;

-- What a certificate of this device is to say, as long as the rule and the authority allow. Kept with it, so that the same one can be
-- made again where the answer was lost.
create or replace function certify_device(device_id int8, request uuid, authority_until timestamptz, moment timestamptz) returns device language sql as $$
  update device d set certificate_serial = random_bytes(16), certificate_request = request, certificate_from = date_trunc('second', moment),
    certificate_until = least(date_trunc('second', moment) + make_interval(days => (enrolment_rule_now()).certificate_days), authority_until)
  where d.id = device_id returning d.*
$$;

create or replace function device_fields(d device) returns jsonb stable language sql as $$
  select jsonb_build_object('office', (select o.code from office o where o.id = d.office), 'key', encode(d.key, 'hex'), 'role', d.role::text,
    'unattended', d.unattended::text, 'revoked', d.revoked::text, 'certificate_until', moment_text(d.certificate_until))
$$;

-- Uses an invitation: the secret's hash and the key, whose holder the server has proved. Nobody is the caller; it is done in the name of
-- who invited.
create or replace function enrol_device(request uuid, sent bytea, secret_hash bytea, new_key bytea, authority bytea, authority_until timestamptz,
    out outcome text, out reason text, out field text, out device text, out office_code text, out office_name text, out role int2,
    out serial bytea, out valid_from timestamptz, out valid_until timestamptz, out at timestamptz, out replay bool)
  security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  moment timestamptz := date_trunc('milliseconds', clock_timestamp());
  i invitation;
  before device;
  d device;
  done directory_receipt;
begin
  outcome := 'refused';
  if authority is null then
    reason := 'ENROLMENT_ELSEWHERE';
    return;
  end if;
  select * into i from invitation x where x.hash = secret_hash;
  select * into before from device x where x.name = i.device;
  reason := case
    when i.hash is null then 'TOKEN_INVALID'
    when i.used_by is not null and (i.used_by <> request or i.key <> new_key or before.certificate_request is distinct from request or before.revoked)
      then 'TOKEN_USED'
    when i.used_by is not null then null
    when i.until <= moment then 'TOKEN_EXPIRED'
    when exists (select from feed f where f.request_id = request) then 'KEY_REUSED'
    when exists (select from device x where x.key = new_key and x.name <> i.device) then 'DEVICE_KEY_TAKEN'
    when before.office <> i.office then 'DEVICE_TAKEN' end;
  if reason is not null then
    field := case when reason like 'TOKEN%' then 'token' when reason = 'KEY_REUSED' then 'request_id' when reason = 'DEVICE_KEY_TAKEN' then 'certificate_request' end;
    return;
  end if;
  if i.used_by is not null then
    outcome := 'replay';
    d := before;
    select f.at into at from feed f where f.request_id = request;
  else
    insert into device as x(name, key, office, officer, role, unattended)
    values (i.device, new_key, i.office, case when i.role is not null then i.device end, i.role, i.role is not null)
    on conflict (name) do update set key = excluded.key, officer = coalesce(excluded.officer, x.officer), role = excluded.role,
      unattended = excluded.unattended, revoked = false, revoked_at = null, revoked_by = null, revoked_why = null
    returning x.* into d;
    update invitation x set used_by = enrol_device.request, key = new_key where x.hash = i.hash;
    perform device_shut(d.id, before.key, new_key);
    d := certify_device(d.id, request, authority_until, moment);
    perform set_config('liandong.office', i.office::text, true), set_config('liandong.officer', i.made_by, true),
      set_config('liandong.device', d.id::text, true);
    done := directory_event(request, sent, 'enrol_device', d.uid, d.name, 1, case when before.id is not null then device_fields(before) end,
      device_fields(d), null);
    outcome := done.outcome; at := done.at;
  end if;
  select o.code, o.name into office_code, office_name from office o where o.id = d.office;
  device := d.name; role := d.role; serial := d.certificate_serial; valid_from := d.certificate_from; valid_until := d.certificate_until;
  replay := outcome = 'replay';
end $$;

-- A certificate for the same key, asked for on the device's own connection. Another key needs another invitation: what holds a
-- connection can't move a device elsewhere.
create or replace function renew_device(request uuid, sent bytea, same_key bytea, authority bytea, authority_until timestamptz,
    out outcome text, out reason text, out field text, out device text, out office_code text, out office_name text, out role int2,
    out serial bytea, out valid_from timestamptz, out valid_until timestamptz, out at timestamptz, out replay bool)
  security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  moment timestamptz := date_trunc('milliseconds', clock_timestamp());
  before device;
  d device;
  done directory_receipt;
begin
  outcome := 'refused';
  select * into before from device x where x.id = caller_device();
  reason := case
    when authority is null then 'ENROLMENT_ELSEWHERE'
    when before.id is null or before.revoked then 'UNKNOWN_DEVICE'
    when before.key <> same_key then 'RENEW_OTHER_KEY'
    when before.certificate_request is distinct from request and exists (select from feed f where f.request_id = request) then 'KEY_REUSED' end;
  if reason is not null then
    return;
  end if;
  d := before;
  if before.certificate_request is distinct from request then
    d := certify_device(before.id, request, authority_until, moment);
    perform set_config('liandong.office', d.office::text, true);
    done := directory_event(request, sent, 'renew_device', d.uid, d.name, 1, device_fields(before), device_fields(d), null);
    outcome := done.outcome; at := done.at;
  else
    outcome := 'replay';
    select f.at into at from feed f where f.request_id = request;
  end if;
  select o.code, o.name into office_code, office_name from office o where o.id = d.office;
  device := d.name; role := d.role; serial := d.certificate_serial; valid_from := d.certificate_from; valid_until := d.certificate_until;
  replay := outcome = 'replay';
end $$;

create or replace function revoke_device(request uuid, sent bytea, device_name text, why text, out outcome text, out reason text, out field text,
    out device text, out office_code text, out at timestamptz, out replay bool)
  security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'revoke_device');
  before device;
  d device;
begin
  outcome := 'refused';
  if done.outcome = 'refused' then
    reason := done.reason; field := done.field;
    return;
  end if;
  select * into before from device x where x.name = device_name;
  if done.outcome is null then
    reason := case
      when coalesce(device_name, '') = '' then 'REQUIRED'
      when before.id is null then 'NOT_FOUND'
      when not administers(before.office) then 'NOT_YOURS'
      when before.id = caller_device() then 'OWN_DEVICE'
      when before.revoked then 'DEVICE_REVOKED'
      when coalesce(btrim(why), '') = '' then 'REASON_REQUIRED' end;
    if reason is not null then
      field := case when reason = 'REASON_REQUIRED' then 'reason' else 'device' end;
      return;
    end if;
    update device x set revoked = true, revoked_at = clock_timestamp(), revoked_by = caller_officer(), revoked_why = why where x.id = before.id
    returning * into d;
    update invitation i set until = least(i.until, clock_timestamp()) where i.device = device_name and i.used_by is null;
    perform device_shut(d.id, d.key, null);
    done := directory_event(request, sent, 'revoke_device', d.uid, d.name, 1, device_fields(before), device_fields(d), why);
  end if;
  outcome := done.outcome; device := before.name; at := done.at; replay := done.replay;
  select o.code into office_code from office o where o.id = before.office;
end $$;

-- Whoever is logged in on a device that has another key now, or none that counts, is out.
create or replace function device_shut(device_id int8, old_key bytea, new_key bytea) returns void language plpgsql as $$
begin
  if old_key is not null and old_key is distinct from new_key then
    perform logins_end(array(select l.id from login l where l.device = device_id and l.ended_at is null), 'DEVICE_REVOKED');
  end if;
end $$;

grant execute on function invite_device(uuid, bytea, bytea, text, text, int4), enrol_device(uuid, bytea, bytea, bytea, bytea, timestamptz),
  renew_device(uuid, bytea, bytea, bytea, timestamptz), revoke_device(uuid, bytea, text, text) to liandong_app;
