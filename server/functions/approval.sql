-- Acts that need a second person: one mechanism for all of them. Whoever needs it asks as usual and is told APPROVAL_NEEDED; that puts
-- the act on the list of the heads of his own office and of those paired with it today (a station with one chief has its other head there).
-- Once one of them, another person at another device, has agreed, asking for the same again carries it out, once.
--
-- Voiding an incident is one of them: it can't be taken back, and whoever could do it alone could make a call go away. It stays in lists, in the
-- feed and in its history all the same; nothing that was acknowledged ever leaves those.
--
-- Decision 2026-11: asked for by doing, not by a request of its own: who is in a hurry types what he would type anyway. What
-- was agreed to is what `subject` says: purpose and case, person and time, level before and after with a mark of what else the same
-- correction changes, the reason of a voiding. Who may not see the record is told who asks and for what kind of act, and
-- may decide all the same: of S4 nobody sees anything but the persons named, so that nobody could be the second.
-- The decision is an event of the directory's feed and, where there is one, of the record; so is that somebody asked. Who may see
-- the record reads both as they happen.

create or replace function approval_rule_now() returns approval_rule stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return (select r from approval_rule r where r.since <= today() order by r.since desc limit 1);
end $$;

-- Whether the word of whoever agreed is still good: that of a person who is locked, or no longer a head anywhere, is not.
create or replace function approval_stands(p approval) returns bool stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return not exists (select from account a where a.code = substring(p.decided_by from '[^ ]+$') and (a.state <> 1 or not exists (
    select from assignment s where s.account = a.id and s.role in (3, 5) and s.started_on <= today() and (s.ended_on is null or s.ended_on > today()))));
end $$;

drop function if exists approval_told(uuid, text, text[], text[], text);
-- Tells whoever may see the record what became of an approval about it. About no record: nobody but the list does.
create or replace function approval_told(about uuid, kind text, told jsonb, why text) returns void language plpgsql as $$
declare
  of_num int8 := (select f.num from feed f where f.request_id = about and f.entity = f.request_id and f.num > 0);
begin
  if of_num is not null then
    perform record_tell(of_num, kind, told, (feed_begin()).moment, gen_random_uuid(), null, why);
  end if;
end $$;

-- Whether the act may go on: an approval of it is there and is used up by this; else it is asked for, where it is not already.
create or replace function approval_take(asked text, for_record uuid, for_no text, what text) returns bool language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  moment timestamptz := clock_timestamp();
  asked_id int8;
begin
  update approval p set used_at = moment where p.id = (
    select x.id from approval x where (x.record = for_record or x.record is null and for_record is null) and x.kind = asked and x.account = caller_account()
      and (x.account <> 0 or x.device = caller_device()) and x.office = caller_office() and x.subject = what
      and x.agreed and x.used_at is null and x.until > moment and approval_stands(x) order by x.decided_at limit 1);
  if found then
    return true;
  end if;
  insert into approval(kind, record, no, subject, account, device, officer, office, asked_at, until)
  select asked, for_record, for_no, what, caller_account(), caller_device(), caller_officer(), caller_office(), moment,
    moment + make_interval(hours => (approval_rule_now()).hours)
  where not exists (select from approval x where (x.record = for_record or x.record is null and for_record is null) and x.kind = asked and x.account = caller_account()
    and (x.account <> 0 or x.device = caller_device()) and x.office = caller_office() and x.subject = what and x.agreed is null and x.until > moment)
  returning id into asked_id;
  if asked_id is not null then
    perform approval_told(for_record, 'ask_approval', jsonb_build_object('asked_for', asked, 'approval', asked_id, 'subject', what), null);
  end if;
  return false;
end $$;

-- How often the caller has used such approvals since then.
create or replace function approvals_used(asked text, what text, since timestamptz) returns int4 stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return (select count(*)::int4 from approval x where x.kind = asked and x.subject = what and x.office = caller_office()
    and x.account = caller_account() and (x.account <> 0 or x.device = caller_device()) and x.used_at > since);
end $$;

-- Whether the caller is one who decides about acts of this office, and not the one who asked.
create or replace function approves(p approval) returns bool stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return caller_role() in (3, 5) and p.office = any ((select o.sees from office o where o.id = caller_office())::int4[])
    and p.device <> caller_device() and (p.account = 0 or p.account <> caller_account());
end $$;

-- Whether the caller may see the record that it is about; what is about none, anybody may.
create or replace function approval_known(p approval) returns bool stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return not exists (select from feed f join any_record r on r.num = f.num
    where f.request_id = p.record and f.entity = f.request_id and not visible(r));
end $$;

-- Newest first, from a page's end on: what the caller may decide about, and what he asked for himself. state: enum ApprovalState.
-- Of a record that the caller may not see he reads that something waits, neither its number nor what is said of it.
create or replace function approval_page(open_only bool, before_id int8, most int4)
  returns table(id int8, kind text, no text, subject text, officer text, office text, office_name text, asked_at timestamptz, until timestamptz,
    state int2, decided_by text, decided_at timestamptz, remark text)
  stable security definer set search_path = liandong, pg_catalog, pg_temp language sql as $$
  select p.id, p.kind, masked(p.no, k.known), masked(p.subject, k.known), p.officer, o.code, o.name, p.asked_at, p.until, s.state, p.decided_by, p.decided_at, p.remark
  from approval p join office o on o.id = p.office
    cross join lateral (select case when p.used_at is not null then 4 when p.agreed is false then 3 when p.until <= clock_timestamp() then 5
      when p.agreed then 2 else 1 end::int2 as state) s
    cross join lateral (select approval_known(p) as known) k
  where p.office = any ((select x.sees from office x where x.id = caller_office())::int4[])
    and (approves(p) or p.office = caller_office() and p.account = caller_account() and (p.account <> 0 or p.device = caller_device()))
    and (not coalesce(open_only, false) or s.state = 1) and p.id < coalesce(before_id, 9223372036854775807)
  order by p.id desc limit most
$$;

create or replace function decide_approval(request uuid, sent bytea, which int8, agree bool, why text) returns directory_receipt
  security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'decide_approval');
  p approval;
begin
  if done.outcome is not null then
    return done;
  end if;
  select * into p from approval x where x.id = which;
  if p.id is null or not coalesce(approves(p), false) then
    return directory_refusal('NOT_FOUND', 'approval');
  elsif agree is null then
    return directory_refusal('REQUIRED', 'agreed');
  elsif not agree and coalesce(btrim(why), '') = '' then
    return directory_refusal('REASON_REQUIRED', 'reason');
  elsif p.agreed is not null or p.until <= clock_timestamp() then
    return directory_refusal('NO_CHANGE', 'approval');
  end if;
  update approval x set agreed = agree, decided_by = caller_officer(), decided_at = clock_timestamp(), remark = why where x.id = p.id;
  done := directory_event(request, sent, 'decide_approval', p.uid, p.id::text, 1, '{}', jsonb_build_object('agreed', agree::text, 'incident', p.no, 'request', p.kind, 'officer', p.officer), why);
  perform approval_told(p.record, 'decide_approval', jsonb_build_object('asked_for', p.kind, 'approval', p.id, 'agreed', agree), why);
  return done;
end $$;

grant execute on function approval_rule_now(), approval_told(uuid, text, jsonb, text), approvals_used(text, text, timestamptz), approval_take(text, uuid, text, text), approves(approval), approval_known(approval), approval_page(bool, int8, int4), decide_approval(uuid, bytea, int8, bool, text) to liandong_app;
