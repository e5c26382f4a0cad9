-- Alerts (通报预警): what only they know. See record_change.sql for the rest.
--
--   RAISED -> ACKED -> IN_RESPONSE -> RESOLVED       comes to no terminal: to the whole office; nobody acknowledges: escalation 1, 2, 3
--                                                    (RAISED all the while), then EXPIRED
--      '---------'----------'-> CANCELLED, SUPERSEDED (by an update, which is a new alert)
--
-- Each office that is addressed acknowledges for itself: the first one ends the escalation, what others say later is their receipt and changes
-- no state. The office that raised it can't.

-- Whom an office alerts: those paired with it today; where there is none, or the kind says so, the bureaus above it.
create or replace function alert_paired(office_id int4) returns int4[] stable language plpgsql as $$
begin
  return (select coalesce(array_agg(case p.station when office_id then p.judicial else p.station end), '{}') from pairing p
    where office_id in (p.station, p.judicial) and p.station_agreed and p.judicial_agreed and p.started_on <= today() and (p.ended_on is null or p.ended_on > today()));
end $$;
create or replace function alert_above(offices int4[]) returns int4[] stable language plpgsql as $$
begin
  return (with recursive up(id, parent) as (
      select o.id, o.parent from office o where o.id = any (offices)
      union select o.id, o.parent from office o join up on o.id = up.parent)
    select coalesce(array_agg(distinct up.id), '{}') from up where up.id <> all (offices));
end $$;
create or replace function alert_whom(origin int4, kind int2) returns int4[] stable language plpgsql as $$
declare
  paired int4[] := alert_paired(origin);
begin
  if paired <> '{}' and not coalesce((select k.above from alert_kind k where k.kind = $2 and k.started_on <= today() order by k.started_on desc limit 1), false) then
    return paired;
  end if;
  return paired || array(select x from unnest(alert_above(origin || paired)) x where x <> all (paired));
end $$;
-- The offices at which an alert has come to no terminal, of those that have it from the first.
create or replace function alert_undelivered(of_num int8) returns int4[] stable language sql as $$
  select coalesce(array_agg(a.office order by a.office), '{}') from alert_office a
  where a.num = of_num and a.step = 0
    and not exists (select from alert_receipt r where r.num = a.num and r.office = a.office and (r.delivered_at is not null or r.acked_at is not null))
$$;
create or replace function alert_addressed(of_num int8) returns bool stable language plpgsql as $$
begin
  return exists (select from alert_office a where a.num = of_num and a.office = caller_office());
end $$;

-- Who may, beside what record_transition says: only who was told acknowledges, only who raised it takes it back. For record_moves.
create or replace function alert_may(wanted text, whole jsonb) returns bool stable language sql as $$
  select case when wanted = 'ack_alert' or wanted = 'act_alert' and whole ->> 'state' = '1' then alert_addressed((whole ->> 'num')::int8)
    when wanted = 'cancel_alert' then (whole ->> 'origin')::int4 = caller_office() else true end
$$;

-- The title of what is not meant says so, wherever that stands.
create or replace function alert_marked(title text, status int2) returns text immutable language plpgsql as $$
declare
  mark text := (array[null, '【演练】', '【测试】'])[status];
begin
  return case when mark is null or starts_with(title, mark) or btrim(title) = '' then title else mark || title end;
end $$;

-- What an update carries on of the alert that it supersedes; a sealed place is bound to its record and can't be.
create or replace function alert_kept(old jsonb) returns jsonb immutable language sql as $$
  select jsonb_object_agg(e.key, e.value) from jsonb_each(old) e
  where e.key in ('status', 'kind', 'severity', 'urgency', 'certainty', 'title', 'content', 'people_count', 'about', 'sensitivity', 'area', 'plan', 'planned_at', 'planned_by')
    and e.value <> 'null'
$$;

-- Whether the people of the caller's office have raised as many within a minute as one may. Without a limit they are not even counted.
create or replace function alerts_flood(moment timestamptz) returns bool stable language plpgsql as $$
declare
  most int4 := record_most('alert_minute');
begin
  return most is not null and (select count(*) from alert a where a.origin = caller_office() and a.created_at > moment - interval '1 minute' and a.rule is null) >= most;
end $$;

create or replace function alert_prepare(wanted text, before jsonb, given jsonb, moment timestamptz, out patch jsonb, out field text, out reason text)
  stable language plpgsql as $$
declare
  here bool := before is not null and alert_addressed((before ->> 'num')::int8);
  home bool := (before ->> 'origin')::int4 = caller_office();
  usual alert_kind;
  named record;
  old jsonb;
begin
  patch := given;
  if wanted = 'update_alert' then
    select * into named from record_find(given ->> 'alert', 4::int2);
    old := record_row(named.num);
    if named.reason is not null then
      field := 'alert'; reason := named.reason;
    elsif (old ->> 'origin')::int4 <> caller_office() and not alert_addressed(named.num) then
      field := 'alert'; reason := 'NOT_YOURS';
    elsif (old ->> 'state')::int2 not in (1, 2, 3) then
      field := 'alert'; reason := 'ALERT_OVER';
    end if;
    patch := alert_kept(old) || given || jsonb_build_object('supersedes', named.num);
  end if;
  if before is null and reason is null then
    select * into usual from alert_kind k where k.kind = (patch ->> 'kind')::int2 and k.started_on <= today() order by k.started_on desc limit 1;
    patch := jsonb_build_object('status', 1, 'severity', usual.severity, 'urgency', usual.urgency, 'certainty', usual.certainty, 'escalation', 0,
      'expires_at', moment + make_interval(hours => usual.hours)) || patch;
    if patch ? 'title' then
      patch := patch || jsonb_build_object('title', alert_marked(patch ->> 'title', (patch ->> 'status')::int2));
    end if;
    if usual.kind is null then
      field := 'kind'; reason := 'REQUIRED';
    elsif char_length(btrim(coalesce(patch ->> 'title', ''))) < 2 then
      field := 'title';
      reason := case when coalesce(btrim(patch ->> 'title'), '') = '' then 'REQUIRED' else 'TOO_SHORT' end;
    elsif (patch ->> 'expires_at')::timestamptz <= moment then
      field := 'expires_at'; reason := 'OUT_OF_RANGE';
    elsif wanted in ('raise_alert', 'update_alert') and alerts_flood(moment) then
      reason := 'ALERTS_FLOOD';
    elsif wanted = 'raise_alert' and alert_paired(caller_office()) = '{}' and alert_whom(caller_office(), usual.kind) = '{}' then
      reason := 'NO_ADDRESSEE';
    elsif wanted = 'raise_alert' and patch ? 'about' then
      select * into named from record_find(patch ->> 'about', null);
      if named.reason is not null then
        field := 'about'; reason := named.reason;
      end if;
      old := record_row(named.num);
      if (old ->> 'sensitivity')::int2 > 3 then
        field := 'about'; reason := 'ROLE_NOT_ALLOWED';  -- what is for named persons is told to no office
      end if;
      patch := patch || jsonb_build_object('about', named.num, 'sensitivity', old -> 'sensitivity');
    end if;
  elsif wanted = 'ack_alert' then
    if (before ->> 'state')::int2 > 3 then
      field := 'alert'; reason := 'ALERT_OVER';
    elsif not here then
      field := 'alert'; reason := case when home then 'OWN_ALERT' else 'NOT_YOURS' end;
    elsif exists (select from alert_receipt r where r.num = (before ->> 'num')::int8 and r.office = caller_office() and r.acked_at is not null) then
      field := 'alert'; reason := 'ALREADY_ACKED';
    end if;
  elsif wanted in ('act_alert', 'note_alert', 'resolve_alert', 'plan_alert', 'review_alert') and not here and not home or wanted = 'act_alert' and before ->> 'state' = '1' and not here then
    field := 'alert'; reason := case when home then 'OWN_ALERT' else 'NOT_YOURS' end;
  elsif wanted = 'cancel_alert' and not home then
    field := 'alert'; reason := 'NOT_YOURS';
  elsif wanted in ('plan_alert', 'review_alert') then
    select p.patch, p.field, p.reason into patch, field, reason from plan_prepare(wanted, before, given, moment) p;
  elsif wanted = 'note_alert' and coalesce(btrim(given ->> 'note'), '') = '' then
    field := 'note'; reason := 'REQUIRED';
  elsif wanted = 'redeliver_alert' then
    patch := patch || jsonb_build_object('undelivered', (select string_agg(o.name, '、' order by o.code) from office o
      where o.id = any (alert_undelivered((before ->> 'num')::int8))));
    if patch ->> 'undelivered' is null then
      reason := 'NO_CHANGE';
    end if;
  elsif wanted = 'escalate_alert' then
    patch := patch || jsonb_build_object('escalation', (select s.step from alert_step s where s.clock = given ->> 'clock'));
    if coalesce((patch ->> 'escalation')::int2 <= (before ->> 'escalation')::int2, true) then
      reason := 'NO_CHANGE';
    end if;
  end if;
  if wanted in ('ack_alert', 'act_alert') and before ->> 'acked_by' is null then
    patch := patch || jsonb_build_object('acked_at', moment, 'acked_by', caller_officer(), 'acked_office', caller_office());
  end if;
end $$;

-- Whom a new alert is addressed to, before its first event (given_to_addressed): those that the kind says, and with a rule for BOTH its own
-- office; with one for ADDRESSED its own and that to which the record it is about is addressed, and no other; with one for OWNER or HEAD that whose
-- deadline it is about. An update goes to everybody who had the one before it, and not to who says it; to those of its kind only where it is of
-- another kind now.
-- Of a partner's deadline hears the office that asked him as well: it answers for him, and nobody may be logged in at his.
create or replace function alert_address(after jsonb, moment timestamptz) returns void language plpgsql as $$
declare
  of_num int8 := (after ->> 'num')::int8;
  sender int4 := (after ->> 'origin')::int4;
  old int8 := (after ->> 'supersedes')::int8;
  meant text := (select r.whom from alert_rule r where r.rule = after ->> 'rule' order by r.started_on desc limit 1);
  about int8 := (after ->> 'about')::int8;
  told int4[] := case when meant in ('BOTH', 'ADDRESSED') then array[sender] else '{}' end;
begin
  if coalesce(meant in ('OTHERS', 'BOTH'), true) and (old is null or not exists (select from alert r where r.num = old and r.kind = (after ->> 'kind')::int2)) then
    told := told || alert_whom(sender, (after ->> 'kind')::int2);
  end if;
  if meant = 'ADDRESSED' then
    told := told || (select (record_whole(about) ->> t.addressed)::int4 from record_type t where t.type = record_type_of(about));
  elsif meant in ('OWNER', 'HEAD') then
    told := told || (select array[c.owner, case w.system when 3 then sender end] from clock c join office w on w.id = c.owner where c.id = (after ->> 'deadline')::int8);
  end if;
  if old is not null then
    told := told || array(select a.office from alert_office a where a.num = old and a.office <> sender union select r.origin from alert r where r.num = old and r.origin <> sender);
  end if;
  insert into alert_office(num, office, step, since) select distinct of_num, o.office, 0, moment from unnest(told) o(office) where o.office is not null;
  insert into record_office(num, office, since, until, cause, mode)
  select a.num, a.office, moment, 'infinity', a.num, 2 from alert_office a where a.num = of_num and a.office <> sender;
end $$;

create or replace function alert_receipt_take(of_num int8, moment timestamptz, delivered bool, shown bool, acked bool, acted bool) returns void language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  insert into alert_receipt as r(num, office, account, device, person, delivered_at, shown_at, acked_at, acted_at)
  values (of_num, caller_office(), caller_account(), coalesce(caller_device(), 0), coalesce(caller_officer(), ''), case when delivered then moment end,
    case when shown then moment end, case when acked then moment end, case when acted then moment end)
  on conflict (num, office, account, device) do update set delivered_at = coalesce(r.delivered_at, excluded.delivered_at),
    shown_at = coalesce(r.shown_at, excluded.shown_at), acked_at = coalesce(r.acked_at, excluded.acked_at), acted_at = coalesce(r.acted_at, excluded.acted_at);
end $$;

-- A rule as it holds today; NULL: it doesn't.
create or replace function alert_rule_now(of_rule text) returns alert_rule stable language plpgsql as $$
begin
  return (select r from alert_rule r where r.rule = of_rule and r.started_on <= today() and (r.ended_on is null or r.ended_on > today())
    order by r.started_on desc limit 1);
end $$;

-- An alert that is raised starts a clock for each step of its severity, and the one that ends it; whoever acknowledges stops them all. One that
-- its rule does not press starts none but the last.
create or replace function alert_clocks(wanted text, before jsonb, after jsonb, moment timestamptz) returns void language plpgsql as $$
declare
  of_num int8 := (after ->> 'num')::int8;
  pressed bool := after ->> 'rule' is null or coalesce((alert_rule_now(after ->> 'rule')).pressed, true);
begin
  if before is null then
    perform clocks_start(of_num, array_agg(c.rule order by c.step), array_agg(c.moment order by c.step))
    from (select s.step, s.clock as rule, moment from alert_step s where pressed and s.severity = (after ->> 'severity')::int2
          union all select null, 'EXPIRY', (after ->> 'expires_at')::timestamptz - (select r.seconds from clock_rule r
            where r.type = 4 and r.rule = 'EXPIRY' and r.started_on <= today() order by r.started_on desc limit 1) * interval '1 second') c;
  elsif before -> 'state' <> after -> 'state' then
    perform clock_stop(of_num, null, moment);
    if wanted = 'ack_alert' and pressed then
      perform clock_start(of_num, 'ACT', moment);
    end if;
  end if;
end $$;

-- A step of the escalation: to whom it opens the alert, each told in the alert's own history.
create or replace function alert_escalate(after jsonb, event feed) returns void language plpgsql as $$
declare
  step alert_step := (select s from alert_step s where s.severity = (after ->> 'severity')::int2 and s.step = (after ->> 'escalation')::int2);
  here int4[] := array(select a.office from alert_office a where a.num = event.num);
  further int4;
  n int4 := 10;
begin
  if step.whom = 'LEADERS' then
    return;
  end if;
  for further in select unnest(alert_above(here || case when step.whom = 'HEADS' then array[(after ->> 'origin')::int4] else '{}' end)) loop
    n := n + 1;
    insert into alert_office(num, office, step, leaders, since) values (event.num, further, step.step, step.whom = 'HEADS', event.at) on conflict do nothing;
    if found and further <> all (given_to(event.num)) then
      perform record_open(event.num, further, 2::int2, event.num, event.at, 'infinity', record_derived(event.request_id, n), null);
    end if;
  end loop;
end $$;

create or replace function alert_follow(wanted text, before jsonb, after jsonb, given jsonb, event feed) returns void language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  perform alert_clocks(wanted, before, after, event.at);
  if before is null then
    if after ->> 'supersedes' is not null then
      perform record_react((after ->> 'supersedes')::int8, 'supersede_alert', jsonb_build_object('superseded_by', event.num), event.at,
        record_derived(event.request_id, 1), null);
    end if;
  elsif wanted in ('ack_alert', 'act_alert') then
    perform alert_receipt_take(event.num, event.at, true, true, true, wanted = 'act_alert');
  elsif wanted = 'escalate_alert' then
    perform alert_escalate(after, event);
  elsif wanted = 'redeliver_alert' then
    update alert_office a set widened_at = event.at where a.num = event.num and a.office = any (alert_undelivered(event.num));
  elsif wanted in ('plan_alert', 'cancel_alert') then
    perform plan_follow(wanted, after, given, event);
  end if;
end $$;

-- What the log is to say of a clock of an alert that has just fired, if it brought what nobody heard.
create or replace function alert_unheard(c clock, moment timestamptz, out undelivered text, out unacked text) stable language sql as $$
  select case when s.step = 0 then w.lost end,
    case when s.step > 0 and a.state = 1 and a.escalation = s.step and a.escalated_at = moment
      and not exists (select from alert_step x where x.severity = s.severity and x.step > s.step) then record_no(a.num) end
  from alert a join alert_step s on s.severity = a.severity and s.clock = c.rule
    cross join lateral (select record_no(a.num) || ' ' || string_agg(o.code, ',' order by o.code) as lost
      from alert_office t join office o on o.id = t.office where t.num = a.num and t.widened_at = moment) w
  where a.num = c.num
$$;

-- Whether a record is of an exercise or a test, or about one.
create or replace function record_exercise(of_num int8) returns bool stable language plpgsql as $$
declare
  whole jsonb;
begin
  if record_type_of(of_num) = 1 then
    return false;
  end if;
  whole := record_whole(of_num);
  return case record_type_of(of_num) when 2 then coalesce((whole ->> 'exercise')::bool, false) when 4 then whole ->> 'status' <> '1'
    else whole ->> 'about' is not null and record_exercise((whole ->> 'about')::int8) end;
end $$;

-- What a record is and whose, for a title that others read: never what is sealed. NULL of what is S3 or above: titles stand in lines and lists.
create or replace function record_said(whole jsonb) returns text stable language plpgsql as $$
begin
  return (select coalesce(whole ->> 'title' || '（' || w.whose || '）', w.whose)
    from office o left join area a on a.id = (whole ->> 'area')::int4 cross join lateral concat_ws('，', o.name, a.name) w(whose)
    where o.id = coalesce(whole ->> 'to_office', whole ->> 'lead_office', whole ->> 'origin')::int4 and (whole ->> 'sensitivity')::int2 <= 2);
end $$;
create or replace function title_cut(title text) returns text immutable language sql as $$
  select case when char_length(title) > 80 then left(title, 79) || '…' else title end
$$;
-- The title of an alert that comes by itself: what happened, which record, what to do; then what that is and whose, as far as there is room.
create or replace function alert_title(why alert_rule, of_num int8, detail text) returns text stable language plpgsql as $$
declare
  said text := record_said(record_whole(of_num));
begin
  return case when said is null then format('紧要情况 %s：请查看后办理', record_no(of_num))
    else title_cut(concat(why.says, '（' || detail || '）', ' ', record_no(of_num), '：', why.ask, '。', said)) end;
end $$;
create or replace function threat_text(threats int2[]) returns text immutable language sql as $$
  select string_agg((array['自伤自杀', '放火', '爆炸', '伤人', '持械', '涉及儿童'])[t], '、' order by n) from unnest(threats) with ordinality u(t, n)
$$;

-- Raises an alert by itself, about a record: for functions that run within a write. The nth event that `request` brings about. Nothing where
-- the rule does not hold today, where nobody could be told, and where this rule's last alert about that record is still open. One of a
-- deadline (a clock) takes the place of the one before it about the same, and of exercises there is none.
-- detail: a word for its title; told: what happened, for its content.
drop function if exists alert_auto(int8, text, text, uuid, int4, timestamptz, int8), alert_auto(int8, text, text, uuid, int4, timestamptz, int8, text);
create or replace function alert_auto(about int8, rule text, detail text, request uuid, n int4, moment timestamptz, deadline int8 default null, told text default null) returns void
  language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  why alert_rule := alert_rule_now($2);
  subject any_record := (select a from any_record a where a.num = $1);
  standing int8;
  prepared record;
  after jsonb;
  event feed;
begin
  if deadline is not null then
    standing := (select a.num from alert a where a.deadline = $7 and a.state in (1, 2, 3) order by a.num desc limit 1);
  end if;
  if why.rule is null or subject.num is null or subject.sensitivity = 4
     or why.whom = 'OTHERS' and alert_whom(subject.origin, why.kind) = '{}'
     or deadline is null and exists (select from alert a where a.about = $1 and a.rule = $2 and a.state in (1, 2, 3))
     or deadline is not null and record_exercise(about) then
    return;
  end if;
  select * into prepared from alert_prepare('auto', null, jsonb_strip_nulls(jsonb_build_object('kind', why.kind, 'severity', why.severity, 'title', alert_title(why, about, detail),
    'content', left(told, 400), 'about', about, 'rule', rule, 'deadline', deadline, 'supersedes', standing, 'status', case when record_exercise(about) then 2 end)), moment);
  after := prepared.patch || jsonb_build_object('num', record_number(4::int2, moment), 'id', record_derived(request, n), 'version', 1, 'state', 1,
    'origin', subject.origin, 'created_by', '系统', 'created_at', moment, 'updated_by', '系统', 'updated_at', moment,
    'events', array[(select h.seq + 1 from feed_head h)], 'sensitivity', subject.sensitivity, 'area', subject.area);
  perform alert_address(after, moment);
  event := record_event(after, 'raise_alert', moment, record_derived(request, n), null, null);
  event.actor := subject.origin; event.device := 0; event.officer := '系统';
  select o.code, o.name into strict event.office, event.office_name from office o where o.id = event.actor;
  select d.changed, d.old_values, d.new_values into event.changed, event.old_values, event.new_values from record_difference(4::int2, '{}', after) d;
  perform record_store(after, event);
  perform alert_follow('raise_alert', null, after, '{}', event);
end $$;

-- A clock has stopped, or stands still, and so what was raised about it is over.
drop function if exists alert_settle(int8, timestamptz);
create or replace function alert_settle(of_deadline int8, moment timestamptz, said text default '时限已停止') returns void language plpgsql as $$
declare
  open record;
begin
  for open in select a.num, a.id from alert a where a.deadline = of_deadline and a.state in (1, 2, 3) loop
    perform record_react(open.num, 'settle_alert', jsonb_build_object('outcome', said), moment, record_derived(open.id, 2), null);
  end loop;
end $$;

-- What a report brings about by itself, once it is stored: for report_incidents, of the members that alert_incident names.
create or replace function alert_report(of_num int8, of_class int2, of_level int2, request uuid, moment timestamptz) returns void language plpgsql as $$
declare
  why alert_incident := (select a from alert_incident a where (a.class = of_class or a.level = of_level) and a.started_on <= today()
    and (a.ended_on is null or a.ended_on > today())
    and exists (select from incident i where i.num = of_num and i.received_at > moment - make_interval(hours => a.hours)) order by a.class is null limit 1);
begin
  perform alert_auto(of_num, why.rule, (select threat_text(i.threats) from incident i where i.num = of_num), request, 1, moment);
end $$;

-- As the protocol's message Alert tells it. Inlined by the planner.
create or replace function alert_record(a alert)
  returns table(id uuid, no text, version int4, state int2, status int2, kind int2, severity int2, urgency int2, certainty int2, title text, content text, place text,
    people_count int4, about text, supersedes text, superseded_by text, escalation int2, escalated_at timestamptz, expires_at timestamptz,
    acked_at timestamptz, acked_by text, acked_office text, acked_office_name text, responding_at timestamptz, resolved_at timestamptz, outcome text,
    whom text[], origin_office text, origin_office_name text, created_by text, created_at timestamptz, updated_by text, updated_at timestamptz,
    sensitivity int2, area text, area_name text, plan text, planned_at timestamptz, planned_by text, review text, lessons text, reviewed_at timestamptz,
    reviewed_by text)
  stable parallel safe language sql as $$
  select a.id, record_no(a.num), a.version, a.state, a.status, a.kind, a.severity, a.urgency, a.certainty, a.title, a.content, told('place', a.place, false),
    a.people_count, record_no(a.about), record_no(a.supersedes), record_no(a.superseded_by), a.escalation, a.escalated_at, a.expires_at,
    a.acked_at, a.acked_by, k.code, k.name, a.responding_at, a.resolved_at, a.outcome,
    array(select w.name from alert_office t join office w on w.id = t.office where t.num = a.num order by t.step, w.code),
    o.code, o.name, a.created_by, a.created_at, a.updated_by, a.updated_at, a.sensitivity, r.code, r.name, a.plan, a.planned_at, a.planned_by, a.review, a.lessons,
    a.reviewed_at, a.reviewed_by
  from office o left join area r on r.id = a.area left join office k on k.id = a.acked_office where o.id = a.origin
$$;

-- A terminal says that a notice came, or was shown. Nobody else hears of it: the feed tells of what people do.
create or replace function alert_confirm(of_num int8, shown bool, out at timestamptz) language plpgsql as $$
begin
  at := date_trunc('milliseconds', clock_timestamp());
  if alert_addressed(of_num) then
    perform alert_receipt_take(of_num, at, true, coalesce(shown, false), false, false);
  end if;
end $$;

grant execute on function alert_receipt_take(int8, timestamptz, bool, bool, bool, bool), alert_follow(text, jsonb, jsonb, jsonb, feed),
  alert_auto(int8, text, text, uuid, int4, timestamptz, int8, text) to liandong_app;
