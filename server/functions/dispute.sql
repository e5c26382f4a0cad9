-- Disputes (矛盾纠纷): what only they know of their course. Who may do what in which state is data: record_transition, and for conclusions
-- dispute_ending. Sessions, agreements and visits: mediation.sql. See record_change.sql for the rest.
--
-- What takes both sides needs no approval: the first head's word stands in the record (lowered_to, closed_police, closed_judicial), where
-- everybody reads it, and the second head's carries it out. Decision 2026-11: approvals (approval.sql) are within a side as well, and end
-- after hours; these must not. Whatever makes the case graver takes such words back.

create or replace function dispute_limit_now(of_rule text) returns int4 stable language sql as $$
  select l.value from dispute_limit l where l.rule = of_rule and l.started_on <= today() and (l.ended_on is null or l.ended_on > today())
  order by l.started_on desc limit 1
$$;
-- Colours by gravity: green, for what is settled, is the least.
create or replace function dispute_gravity(warning int2) returns int2 immutable parallel safe language sql as $$
  select case warning when 5 then 0 else warning end::int2
$$;
-- Whether it takes the heads of both sides to close.
create or replace function dispute_joint(whole jsonb) returns bool immutable parallel safe language sql as $$
  select (whole ->> 'warning')::int2 in (3, 4) or (whole ->> 'joint_required')::bool
$$;
-- Whether the caller's office is the one that speaks for its side where both heads have to: the one that leads, else the one that opened it, else
-- the one paired with these; not one that merely helps. A side that has none by now is spoken for by whoever may act.
create or replace function dispute_speaks(whole jsonb) returns bool stable language plpgsql as $$
declare
  ours int4[] := array(select o.id from unnest(array[(whole ->> 'lead_office')::int4, (whole ->> 'origin')::int4]) with ordinality x(id, n) join office o using (id)
    where o.system = (select me.system from office me where me.id = caller_office()) order by x.n limit 1);
begin
  if ours = '{}' then
    ours := alert_paired(coalesce(whole ->> 'lead_office', whole ->> 'origin')::int4);
  end if;
  return ours = '{}' or caller_office() = any (ours);
end $$;
create or replace function caller_system() returns int2 stable language sql as $$
  select o.system from office o where o.id = caller_office()
$$;

-- Whose word a change still waits for: enum DisputeWaiting; NULL: it is done. For the receipt, after the change: hence volatile.
create or replace function dispute_waits(of_no text, wanted text) returns int2 volatile language plpgsql as $$
begin
  return (select case
      when wanted = 'lower_dispute' and d.lowered_to is not null then 3 - (select o.system from office o where o.id = d.lowered_office)
      when wanted = 'close_dispute' and d.state = 19 and d.closed_judicial is null then 2
      when wanted = 'close_dispute' and d.state = 19 and d.closed_police is null then 1 end
    from dispute d where d.num = (select f.num from record_find(of_no, 2::int2) f));
end $$;

-- Colour, complexity and who must take part.
create or replace function dispute_colour(wanted text, before jsonb, given jsonb, out patch jsonb, out field text, out reason text) stable language plpgsql as $$
declare
  old int2 := dispute_gravity((before ->> 'warning')::int2);
  new int2 := dispute_gravity((given ->> 'warning')::int2);
  graver jsonb := '{"lowered_to": null, "lowered_office": null, "closed_police": null, "closed_judicial": null}';
begin
  patch := given;
  field := 'warning';
  reason := case
    when new is null then 'REQUIRED'
    when wanted = 'raise_dispute' and new <= old then 'NOT_HIGHER'
    when wanted = 'lower_dispute' and new >= old then 'NOT_LOWER'
    when wanted = 'lower_dispute' and old = 4 and not dispute_speaks(before) then 'NOT_YOURS'
    when wanted = 'assess_dispute' and new < old and (old = 4 or before ->> 'state' = '2') then 'LOWER_APART' end;
  if reason is null and wanted = 'lower_dispute' and old = 4 then
    if before -> 'lowered_to' is distinct from given -> 'warning' then
      patch := patch - 'warning' || jsonb_build_object('lowered_to', given -> 'warning', 'lowered_office', caller_office());
    elsif (select o.system from office o where o.id = (before ->> 'lowered_office')::int4) = caller_system() then
      reason := 'OTHER_SIDES_WORD';
    else
      patch := patch || '{"lowered_to": null, "lowered_office": null}';
    end if;
  elsif reason is null and new > old then
    patch := patch || graver;
  end if;
  if reason is null then
    field := null;
  end if;
end $$;

-- What a dispute may not be, whichever change would make it so.
create or replace function dispute_faults(before jsonb, inout patch jsonb, out field text, out reason text) stable language plpgsql as $$
declare
  after jsonb := coalesce(before, '{}') || patch;
begin
  if (after ->> 'complexity')::int2 >= dispute_limit_now('JOINT_FROM_COMPLEXITY') and not (after ->> 'joint_required')::bool then
    patch := patch || '{"joint_required": true}';
  end if;
  if patch ->> 'subtype' is not null then
    patch := patch || jsonb_build_object('subtype', mark_word(patch ->> 'subtype'));
  end if;
  if (before ->> 'joint_required')::bool and not (patch ->> 'joint_required')::bool then
    field := 'joint_required'; reason := 'JOINT_STAYS';
  elsif patch ?| '{causes,track}' and jsonb_typeof(after -> 'causes') = 'array' and exists (select from track_bar b
      where b.track = (after ->> 'track')::int2 and after -> 'causes' @> to_jsonb(b.cause) and b.started_on <= today() and (b.ended_on is null or b.ended_on > today())) then
    field := 'track'; reason := 'TRACK_BARRED';
  elsif after ->> 'type' is null then
    field := 'type'; reason := 'REQUIRED';
  elsif patch ? 'title' and char_length(btrim(coalesce(patch ->> 'title', ''))) < 2 then
    field := 'title';
    reason := case when coalesce(btrim(patch ->> 'title'), '') = '' then 'REQUIRED' else 'TOO_SHORT' end;
  end if;
end $$;

-- A period of a rule from a moment on; NULL: there is no such rule today.
create or replace function dispute_period(of_rule text, moment timestamptz) returns timestamptz stable language sql as $$
  select clock_due(r.working_days is not null, moment, coalesce(r.working_days, r.seconds * 1000)) from clock_rule r
  where r.type = 2 and r.rule = of_rule and r.started_on <= today() and (r.ended_on is null or r.ended_on > today()) order by r.started_on desc limit 1
$$;
create or replace function dispute_track_rule(track int2) returns text immutable parallel safe language sql as $$
  select case track when 2 then 'POLICE_CASE' else 'MEDIATION' end
$$;

create or replace function dispute_accepted(given jsonb, moment timestamptz, out patch jsonb, out field text, out reason text) stable language plpgsql as $$
declare
  lead int4 := caller_office();
begin
  if given ->> 'lead_office' is not null then
    lead := (select o.id from office o where o.code = given ->> 'lead_office' and o.system in (1, 2)
      and o.id = any ((select x.sees || x.id from office x where x.id = caller_office())::int4[]));
    if lead is null then
      field := 'lead_office'; reason := 'UNKNOWN_VALUE';
    end if;
  end if;
  patch := given || jsonb_build_object('lead_office', lead, 'extended_to', null, 'extension_consent', null,
    'due_at', dispute_period(dispute_track_rule(coalesce((given ->> 'track')::int2, 1::int2)), moment));
end $$;

-- While it was suspended its period stood still.
create or replace function dispute_resumed(before jsonb, moment timestamptz) returns jsonb stable language sql as $$
  select coalesce(jsonb_object_agg(d.key, to_jsonb(d.value::timestamptz + (moment - (before ->> 'suspended_at')::timestamptz))), '{}') || '{"suspended_at": null}'
  from jsonb_each_text(before) d where d.key in ('due_at', 'extended_to')
$$;

create or replace function dispute_extended(before jsonb, given jsonb, out patch jsonb, out field text, out reason text) stable language plpgsql as $$
begin
  patch := given;
  if before ->> 'extended_to' is not null then
    field := 'dispute'; reason := 'EXTENDED_BEFORE';
  else
    patch := given || jsonb_build_object('extended_to', dispute_period('EXTENSION', (before ->> 'due_at')::timestamptz));
  end if;
end $$;

create or replace function dispute_concluded(given jsonb, out patch jsonb, out field text, out reason text) stable language plpgsql as $$
declare
  ending dispute_ending;
begin
  select * into ending from dispute_ending e where e.outcome = (given ->> 'outcome')::int2;
  patch := given || jsonb_build_object('state', ending.state);
  field := 'outcome';
  reason := case when given ->> 'outcome' is null then 'REQUIRED' when ending.state is null then 'OUTCOME_ELSEWHERE'
    when caller_system() <> all (ending.systems) then 'FIELD_NOT_YOURS' end;
  if reason is null then
    field := null;
  end if;
end $$;

create or replace function dispute_closed(before jsonb, given jsonb, moment timestamptz, out patch jsonb, out field text, out reason text) stable language plpgsql as $$
declare
  mine text := case caller_system() when 1 then 'closed_police' else 'closed_judicial' end;
  other text := case caller_system() when 1 then 'closed_judicial' else 'closed_police' end;
  over bool := not dispute_joint(before) or before ->> other is not null;
begin
  patch := given || jsonb_build_object(mine, caller_officer(), 'state', case when over then 20 else 19 end)
    || case when over then jsonb_build_object('closed_at', moment) else '{}' end;
  if (select count(*) from visit v where v.num = (before ->> 'num')::int8) < dispute_limit_now('VISITS_TO_CLOSE') then
    field := 'dispute'; reason := 'VISIT_FIRST';
  elsif dispute_joint(before) and not dispute_speaks(before) then
    field := 'dispute'; reason := 'NOT_YOURS';
  elsif not over and before ->> mine is not null then
    field := 'dispute'; reason := 'OTHER_SIDES_WORD';
  end if;
end $$;

create or replace function dispute_prepare(wanted text, before jsonb, given jsonb, moment timestamptz, out patch jsonb, out field text, out reason text)
  language plpgsql as $$
begin
  patch := given;
  case wanted
    when 'open_dispute' then
      if given ? 'from' then
        select o.patch, 'from', o.reason into given, field, reason from link_opened(given) o;
        if reason is not null then
          return;
        end if;
        field := null;
      end if;
      patch := '{"complexity": 2, "track": 1, "joint_required": false, "reopened_n": 0, "warning": 2, "source": 2, "rounds": 0, "failed_rounds": 0, "title": null}' || given;
    when 'note_dispute' then
      if coalesce(btrim(given ->> 'note'), '') = '' then
        field := 'note'; reason := 'REQUIRED';
      end if;
    when 'assess_dispute', 'raise_dispute', 'lower_dispute' then
      select * into patch, field, reason from dispute_colour(wanted, before, given);
    when 'warn_dispute' then
      patch := given || '{"lowered_to": null, "lowered_office": null, "closed_police": null, "closed_judicial": null}';
    when 'accept_dispute' then
      select * into patch, field, reason from dispute_accepted(given, moment);
    when 'decline_dispute' then
      patch := given || '{"outcome": 14}';
    when 'suspend_dispute' then
      patch := given || jsonb_build_object('suspended_at', moment);
    when 'resume_dispute' then
      patch := given || dispute_resumed(before, moment);
    when 'extend_dispute' then
      select * into patch, field, reason from dispute_extended(before, given);
    when 'conclude_dispute' then
      select * into patch, field, reason from dispute_concluded(given);
    when 'close_dispute' then
      select * into patch, field, reason from dispute_closed(before, given, moment);
    when 'reopen_dispute' then
      patch := given || '{"outcome": null, "outcome_note": null, "concluded_at": null, "closed_police": null, "closed_judicial": null, "closed_at": null, "archived_at": null,
        "due_at": null, "extended_to": null, "extension_consent": null}' || jsonb_build_object('reopened_n', (before ->> 'reopened_n')::int4 + 1);
    else null;
  end case;
  if reason is null then
    select m.patch, m.field, m.reason into patch, field, reason from mediation_prepare(wanted, before, patch, moment) m;
  end if;
  if reason is null then
    select f.patch, f.field, f.reason into patch, field, reason from dispute_faults(before, patch) f;
  end if;
  if reason is null then
    select * into patch, field, reason from beside_prepare(wanted, before, patch, moment);
  end if;
end $$;

-- Tells of it by itself: alert.sql.
drop function if exists dispute_alert(feed, text, int4);
create or replace function dispute_alert(event feed, rule text, n int4, told text) returns void language sql as $$
  select alert_auto(event.num, rule, case rule when 'COLOR_RAISED' then (select (array['蓝色', '黄色', '橙色', '红色'])[d.warning] from dispute d where d.num = event.num) end,
    event.request_id, n, event.at, null, told)
$$;

-- What has to happen by when from now on: the rules are clock_rule's.
create or replace function dispute_clocks(wanted text, before jsonb, after jsonb, event feed) returns void language plpgsql as $$
declare
  police bool := after ->> 'track' = '2';
begin
  case wanted
    when 'accept_dispute' then
      perform clock_start(event.num, dispute_track_rule((after ->> 'track')::int2), event.at);
      if police then
        perform clock_start(event.num, 'POLICE_FIRST', event.at);
      end if;
    when 'extend_dispute' then
      perform clock_stop(event.num, r, event.at) from unnest(array['MEDIATION', 'POLICE_CASE']) r;  -- the track may have been corrected since
      perform clock_start(event.num, 'EXTENSION', (before ->> 'due_at')::timestamptz);
      if before ->> 'state' = '7' then
        perform clock_pause(event.num, 'EXTENSION', (before ->> 'suspended_at')::timestamptz);
      end if;
    when 'suspend_dispute' then
      perform clock_pause(event.num, r, event.at) from dispute_rules(event.num) r;
    when 'resume_dispute' then
      perform clock_resume(event.num, null, event.at);
    when 'reopen_dispute', 'decline_dispute' then
      perform dispute_stop(event.num, event.at);
    when 'close_dispute' then  -- a red one is visited after it was closed as well
      if after ->> 'state' = '20' then
        perform clock_stop(event.num, r.rule, event.at) from unnest(array['VISIT', 'CONFIRMATION']) r(rule);
      end if;
    when 'conclude_dispute' then
      perform dispute_stop(event.num, event.at);
      if (after ->> 'state')::int2 = 15 then
        perform dispute_visits(after, event);
      end if;
    when 'raise_dispute', 'warn_dispute' then  -- it was settled already
      perform clock_start(event.num, r, event.at) from unnest(array['VISIT_30', 'VISIT_90']) r
      where after ->> 'warning' = '4' and before ->> 'warning' <> '4' and (after ->> 'state')::int2 in (8, 9, 10, 11, 12, 13, 15, 19)
        and not exists (select from clock c where c.num = event.num and c.rule = r and c.stopped_at is null);
    else null;
  end case;
end $$;
-- Settled: it is looked at again, more often where it is red.
create or replace function dispute_visits(after jsonb, event feed) returns void language sql as $$
  select clock_start(event.num, v.rule, event.at) from (values ('VISIT', false), ('VISIT_30', true), ('VISIT_90', true)) v(rule, red)
  where not v.red or after ->> 'warning' = '4'
$$;

create or replace function dispute_follow(wanted text, before jsonb, after jsonb, given jsonb, event feed) returns void language plpgsql as $$
begin
  perform beside_follow(wanted, before, after, given, event);
  perform dispute_clocks(wanted, before, after, event);
  perform mediation_follow(wanted, before, after, given, event);
  if wanted in ('open_dispute', 'correct_dispute') then
    perform mark_follow(before, after, event);
  end if;
  if wanted = 'raise_dispute' or wanted = 'warn_dispute' and given ->> 'alerted' is null or wanted = 'assess_dispute' and dispute_gravity((after ->> 'warning')::int2) > dispute_gravity((before ->> 'warning')::int2) then
    perform dispute_alert(event, 'COLOR_RAISED', 1, event.note);
  end if;
end $$;

-- As the protocol's message Dispute tells it. Inlined by the planner.
drop function if exists dispute_record(dispute);
create or replace function dispute_record(d dispute)
  returns table(id uuid, no text, version int4, state int2, warning int2, type int2, subtype text, source int2, title text, content text, place text,
    people_count int4, amount_fen int8, complexity int2, track int2, joint_required bool, lead_office text, lead_office_name text, consent text,
    accepted_at timestamptz, due_at timestamptz, extended_to timestamptz, outcome int2, outcome_note text, concluded_at timestamptz,
    closed_police text, closed_judicial text, closed_at timestamptz, archived_at timestamptz, checklist text, reopened_n int4,
    origin_office text, origin_office_name text, created_by text, created_at timestamptz, updated_by text, updated_at timestamptz, sensitivity int2,
    area text, area_name text, causes int2[], rounds int4, failed_rounds int4, lowered_to int2, lowered_office text, lowered_office_name text,
    police_result text, extension_consent text)
  stable parallel safe language sql as $$
  select d.id, record_no(d.num), d.version, d.state, d.warning, d.type, d.subtype, d.source, d.title, d.content, told('place', d.place, false),
    d.people_count, d.amount_fen, d.complexity, d.track, d.joint_required, l.code, l.name, d.consent, d.accepted_at, d.due_at, d.extended_to,
    d.outcome, d.outcome_note, d.concluded_at, d.closed_police, d.closed_judicial, d.closed_at, d.archived_at, d.checklist, d.reopened_n,
    o.code, o.name, d.created_by, d.created_at, d.updated_by, d.updated_at, d.sensitivity, a.code, a.name, d.causes, d.rounds, d.failed_rounds,
    d.lowered_to, w.code, w.name, d.police_result, d.extension_consent
  from office o left join area a on a.id = d.area left join office l on l.id = d.lead_office left join office w on w.id = d.lowered_office where o.id = d.origin
$$;
