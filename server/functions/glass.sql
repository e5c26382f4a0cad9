-- Break-glass (紧急查看): whoever is on the scene of a grave incident opens one record of her own office, or of the one paired with it, that she
-- does not see otherwise, for some hours, and answers for it. What it gives is access by name (record_access), so that the one predicate of
-- reading lets it through and nothing else changes; what it takes is an event of the record, which the heads of both offices see at once, an
-- entry in the audit, and a judgement by a head of the office whose record it is, within a day. Numbers and classes: glass_rule.
--
-- Decision 2026-11: on the scene is who said so herself (arrive_incident) within the last hours, of an incident that is still going on: the place
-- that `dispatched_to` names is free text. Whoever lies about that leaves an arrival with her name on it, which both offices see. That it is
-- grave somebody else has said, too: who entered, dispatched or corrected it; a scene that one person made alone is none.
-- Decision 2026-11: on her own word a few records (alone_most) within the hours that a scene lasts, and none after one that was judged
-- needless; then each takes a head's agreement (approval.sql), or one arrival would open all that two offices have.
-- Records that stay closed (S4, tips, other districts) and numbers that don't exist are one answer: NOT_FOUND.

create or replace function glass_rule_now() returns glass_rule stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return (select r from glass_rule r where r.since <= today() order by r.since desc limit 1);
end $$;

-- Whether an event was somebody else's: another name, and at another device, or that of a person (what stands on the wall beside her is nobody).
create or replace function glass_other(officer text, device int8) returns bool stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return officer <> caller_officer() and (device <> caller_device() or exists (select from account a where a.code = substring(officer from '[^ ]+$')));
end $$;

-- Whether one more takes a second person.
create or replace function glass_is_much(rule glass_rule, moment timestamptz) returns bool stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return (select count(*) >= rule.alone_most or coalesce(bool_or(not r.justified), false) from glass_review r
    where r.account = caller_account() and r.opened_at > moment - make_interval(hours => rule.scene_hours));
end $$;

-- Whether so many of these already wait for a head's word that no further one is put to them; but for a record that one has agreed to.
create or replace function glass_waits(rule glass_rule, named text) returns bool stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return (select count(*) filter (where p.agreed is null) >= greatest(rule.alone_most, 1)
      and not coalesce(bool_or(p.agreed and p.used_at is null and p.record = (select n.record from audit_named(named) n)), false)
    from approval p where p.kind = 'break_glass' and p.account = caller_account() and p.until > clock_timestamp());
end $$;

-- The incident that the caller is on the scene of, as people call it; the newest arrival counts. NULL: none.
create or replace function glass_scene(moment timestamptz) returns text stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  rule glass_rule := glass_rule_now();
begin
  return (select e.no from feed e join incident i using (num)
    where e.kind = 'arrive_incident' and e.officer = caller_officer() and e.actor = caller_office()
      and e.at > moment - make_interval(hours => rule.scene_hours)
      and i.state in (3, 4) and (i.level <= rule.scene_level or i.class = any (rule.scene_classes))
      and visible(i)
      and exists (select from feed g where g.seq = any (i.events) and g.kind in ('report_incident', 'correct_incident', 'dispatch_incident')
        and (g.level <= rule.scene_level or g.class = any (rule.scene_classes)) and glass_other(g.officer, g.device))
    order by e.seq desc limit 1);
end $$;

-- The record that a name means, if it can be opened so by the caller; reason NULL: it can.
create or replace function glass_find(named text, out i incident, out reason text) stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  rule glass_rule := glass_rule_now();
  reader office := (select o from office o where o.id = caller_office());
begin
  select x.* into i from audit_named(named) n join feed f on f.request_id = n.record and f.kind = 'report_incident' join incident x on x.num = f.num;
  reason := case
    when i.num is null or coalesce(relation_of(reader, i.origin) not in ('OWN', 'PAIRED'), true) then 'NOT_FOUND'
    when visible(i) then 'NO_CHANGE'
    when i.sensitivity > rule.sensitivity_most or i.class = any (rule.closed_classes) then 'NOT_FOUND' end;
end $$;

-- See incident_change for the answer.
create or replace function break_glass(request uuid, sent bytea, named text, for_purpose text, why text,
    out outcome text, out reason text, out field text, out id uuid, out no text, out version int4, out state int2, out at timestamptz,
    out until timestamptz, out review int8, out replay bool)
  language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  rule glass_rule := glass_rule_now();
  past feed := feed_past(request);
  turn record;
  the_purpose audit_purpose := purpose_named(for_purpose);
  scene text;
  found record;
  i incident;
  event feed;
  entry audit;
  code text := (select a.code from account a where a.id = caller_account());
begin
  outcome := 'refused';
  if past.seq is not null then
    if past.kind = 'break_glass' and past.actor = caller_office() and past.act = sent then
      outcome := 'replay'; replay := true;
      id := past.entity; no := past.no; version := past.version; state := past.state; at := past.at;
      select r.id, a.until into review, until from glass_review r
        left join record_access a on a.record = r.record and a.account = r.account and a.since = r.opened_at
      where r.record = past.entity and r.opened_at = past.at;
    else
      reason := 'KEY_REUSED'; field := 'request_id';
    end if;
    return;
  end if;
  turn := feed_begin();
  scene := glass_scene(turn.moment);
  select f.field, f.reason into field, reason from (values
    (code is null, null, 'ROLE_NOT_ALLOWED'),  -- a screen on a wall answers for nothing
    (coalesce(btrim(for_purpose), '') = '', 'purpose', 'REQUIRED'),
    (the_purpose.code is null, 'purpose', 'UNKNOWN_VALUE'),
    (coalesce(btrim(why), '') = '', 'reason', 'REASON_REQUIRED'),
    (scene is null, null, 'NOT_ON_SCENE')) as f(broken, field, reason)
  where f.broken limit 1;
  if reason is null and glass_is_much(rule, turn.moment) and glass_waits(rule, named) then
    reason := 'APPROVAL_NEEDED';  -- whatever the name means: nothing is learnt by asking on
  end if;
  if reason is null then
    select * into found from glass_find(named);
    i := found.i;
    reason := found.reason;
    field := case when reason is not null then 'incident' end;
  end if;
  if reason is null and glass_is_much(rule, turn.moment) and not approval_take('break_glass', i.id, incident_no(i.num), the_purpose.name || ' ' || scene) then
    reason := 'APPROVAL_NEEDED';
  end if;
  if reason is not null then
    perform audit_denied('break_glass', named, reason);
    return;
  end if;
  at := turn.moment;
  until := at + make_interval(hours => rule.hours);
  insert into record_access(record, account, since, until, granted_by, reason, glass) values (i.id, caller_account(), at, until, caller_officer(), why, true);
  insert into glass_review(record, no, scene, purpose, reason, account, device, officer, office, origin, opened_at, due_at)
  values (i.id, incident_no(i.num), scene, the_purpose.code, why, caller_account(), caller_device(), caller_officer(), caller_office(), i.origin, at,
    at + make_interval(hours => rule.review_hours))
  returning glass_review.id into review;
  i.version := i.version + 1;
  i.events := i.events || turn.seq + 1;
  event := incident_event(i, 'break_glass', at, request, sent, why);
  event.changed := array['access', 'until', 'purpose', 'scene']; event.old_values := array[null, null, null, null]::text[];
  event.new_values := array[code, moment_text(until), the_purpose.name, scene];
  perform incident_store(i, event);
  entry.kind := 'break_glass'; entry.request := 'break_glass'; entry.record := i.id; entry.no := event.no; entry.level := i.sensitivity;
  entry.purpose := the_purpose.code; entry.case_no := scene;
  perform audit_append(entry);
  outcome := 'done'; replay := false;
  id := i.id; no := event.no; version := i.version; state := i.state;
end $$;

-- Whether this person is the caller, and has the record open by her own taking: she may close it again.
create or replace function glass_own(of_record uuid, person text, moment timestamptz) returns bool stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return exists (select from record_access a join account c on c.id = a.account
    where a.record = of_record and c.code = person and c.id = caller_account() and a.glass and a.since <= moment and a.until > moment);
end $$;

-- What becomes S4 is for named persons; who took access keeps it for a second more, and is told as of any access whose time is over.
create or replace function glass_shut(of_record uuid, moment timestamptz) returns void language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  update record_access a set until = moment + interval '1 second' where a.record = of_record and a.glass and a.until > moment + interval '1 second';
end $$;

-- Whether the caller judges this one: a head of the office whose record it is, and not who opened it.
create or replace function glass_judges(r glass_review) returns bool stable language plpgsql as $$
begin
  return coalesce(caller_role() in (3, 5) and r.origin = caller_office() and r.device <> caller_device() and r.account <> caller_account(), false);
end $$;

-- Newest first, from a page's end on: what the heads of both offices answer for, and what the caller did herself. verdict: enum ReviewState.
-- Of a record that the caller may not see by now he reads that there was something, neither its number nor what for.
create or replace function review_page(open_only bool, overdue_only bool, before_id int8, most int4)
  returns table(id int8, no text, scene text, purpose text, reason text, officer text, office text, office_name text, origin text, origin_name text,
    opened_at timestamptz, until timestamptz, due_at timestamptz, reads int4, verdict int2, decided_by text, decided_at timestamptz, remark text)
  stable security definer set search_path = liandong, pg_catalog, pg_temp language sql as $$
  select r.id, masked(r.no, k.known), r.scene, p.name, masked(r.reason, k.known), r.officer, o.code, o.name, w.code, w.name, r.opened_at, a.until, r.due_at,
    (select count(*) from audit x where x.record = r.record and x.account = r.account and x.kind not in ('break_glass', 'denied')
       and x.at >= r.opened_at and x.at <= a.until)::int4,
    s.verdict, r.decided_by, r.decided_at, r.remark
  from glass_review r join audit_purpose p on p.code = r.purpose join office o on o.id = r.office join office w on w.id = r.origin
    left join record_access a on a.record = r.record and a.account = r.account and a.since = r.opened_at
    cross join lateral (select case when r.justified then 3 when not r.justified then 4 when r.due_at <= clock_timestamp() then 2 else 1 end::int2 as verdict) s
    cross join lateral (select r.account = caller_account() or exists (select from feed f join incident i on i.num = f.num
      where f.request_id = r.record and f.kind = 'report_incident' and visible(i)) as known) k
  where (caller_role() in (3, 5) and caller_office() in (r.origin, r.office) or r.account = caller_account())
    and (not coalesce(open_only, false) or s.verdict in (1, 2)) and (not coalesce(overdue_only, false) or s.verdict = 2)
    and r.id < coalesce(before_id, 9223372036854775807)
  order by r.id desc limit most
$$;

-- The judgement. Where it was not justified, what is still open is closed by it. See incident_change for the answer.
create or replace function decide_review(request uuid, sent bytea, which int8, just bool, why text,
    out outcome text, out reason text, out field text, out id uuid, out no text, out version int4, out state int2, out at timestamptz, out replay bool)
  language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  past feed := feed_past(request);
  turn record;
  r glass_review;
  i incident;
  event feed;
  verdict text := case when just then '3' else '4' end;  -- enum ReviewState
  shut bool := false;
begin
  outcome := 'refused';
  if past.seq is not null then
    if past.kind = 'decide_review' and past.actor = caller_office() and past.act = sent then
      outcome := 'replay'; replay := true;
      id := past.entity; no := past.no; version := past.version; state := past.state; at := past.at;
    else
      reason := 'KEY_REUSED'; field := 'request_id';
    end if;
    return;
  end if;
  turn := feed_begin();
  select x.* into r from glass_review x where x.id = which;
  select f.field, f.reason into field, reason from (values
    (r.id is null or not glass_judges(r), 'review', 'NOT_FOUND'),
    (just is null, 'justified', 'REQUIRED'),
    (coalesce(btrim(why), '') = '', 'reason', 'REASON_REQUIRED'),
    (r.justified is not null, 'review', 'NO_CHANGE')) as f(broken, field, reason)
  where f.broken limit 1;
  if reason is not null then
    perform audit_denied('decide_review', null, reason);
    return;
  end if;
  at := turn.moment;
  update glass_review x set justified = just, decided_by = caller_officer(), decided_at = at, remark = why where x.id = r.id;
  if not just then
    update record_access a set until = at, closed = true where a.record = r.record and a.account = r.account and a.since = r.opened_at and a.until > at;
    shut := found;
  end if;
  select x.* into strict i from feed f join incident x on x.num = f.num where f.request_id = r.record and f.kind = 'report_incident';
  i.version := i.version + 1;
  i.events := i.events || turn.seq + 1;
  event := incident_event(i, 'decide_review', at, request, sent, why);
  event.changed := array['verdict']; event.old_values := array[null]::text[]; event.new_values := array[verdict];
  if shut then  -- what a retract is made of: see feed_told
    event.changed := array['access', 'verdict']; event.new_values := array[null, verdict];
    event.old_values := array[(select c.code from account c where c.id = r.account), null];
  end if;
  perform incident_store(i, event);
  outcome := 'done'; replay := false;
  id := i.id; no := event.no; version := i.version; state := i.state;
end $$;

-- What was to be judged by now and is not: told once, to those who see the record, as an event of its office that nobody made. How many
-- wait and how many are late, for the metrics. Called once a minute by every node; the pen is taken only where there is something to tell.
create or replace function reviews_due(out waiting int4, out overdue int4) language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  r glass_review;
  i incident;
  event feed;
  turn record;
begin
  if exists (select from glass_review x where x.justified is null and x.due_at <= clock_timestamp() and not x.overdue_told) then
    perform from feed_head for update;
    for r in select * from glass_review x where x.justified is null and x.due_at <= clock_timestamp() and not x.overdue_told order by x.id loop
      turn := feed_begin();
      select x.* into strict i from feed f join incident x on x.num = f.num where f.request_id = r.record and f.kind = 'report_incident';
      i.version := i.version + 1;
      i.events := i.events || turn.seq + 1;
      event.at := turn.moment; event.kind := 'decide_review'; event.entity := i.id; event.no := r.no; event.version := i.version; event.state := i.state;
      event.class := i.class; event.level := i.level; event.officer := ''; event.title := incident_title(i.place, i.content); event.threats := i.threats;
      event.act := ''; event.num := i.num; event.origin := i.origin; event.actor := i.origin; event.device := 0; event.request_id := gen_random_uuid();
      select o.code, o.name into strict event.office, event.office_name from office o where o.id = i.origin;
      event.audience := audience_now(i.origin, i.id);
      event.changed := array['verdict']; event.old_values := array[null]::text[]; event.new_values := array['2'];
      perform incident_store(i, event);
      update glass_review x set overdue_told = true where x.id = r.id;
    end loop;
  end if;
  select count(*), count(*) filter (where x.due_at <= clock_timestamp()) into waiting, overdue from glass_review x where x.justified is null;
end $$;

-- The others are called by these alone, as the owner.
grant execute on function break_glass(uuid, bytea, text, text, text), glass_own(uuid, text, timestamptz),
  glass_shut(uuid, timestamptz), review_page(bool, bool, int8, int4), decide_review(uuid, bytea, int8, bool, text), reviews_due() to liandong_app;
