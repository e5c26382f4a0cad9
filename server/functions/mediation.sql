-- What is done on a dispute: sessions, agreements with their confirmation and performance, visits, the file. Each is a request on the dispute, so
-- that who may, conflicts and events are those of any change (record_change.sql); here stands what each says and where it is kept.
--
-- A session's private note passes here sealed and goes to no event: only mediators and the head of the judicial side have it (session_note), and
-- whoever reads it is written down.

-- Whether a session takes a dispute up again that had ended: refused by the court, not performed, failed. It has a period of its own then.
create or replace function session_anew(before jsonb) returns bool immutable language sql as $$
  select before ->> 'state' in ('11', '14', '16')
$$;

-- What is written down of a session, by the names that a correction has for it; never its private note.
create or replace function session_now(of_num int8, round int4, out id uuid, out version int4, out result int2, out changed jsonb, out fields jsonb) stable language sql as $$
  select s.id, s.version, s.result, s.changed, jsonb_build_object('session_mode', s.mode, 'session_method', s.method, 'held_at', s.held_at, 'session_place', s.place,
    'mediators', s.mediators, 'participants', s.participants, 'present', s.parties, 'note_open', s.note_open, 'session_result', s.result, 'risk', s.risk)
  from mediation_session s where s.num = of_num and s.seq = round
$$;
-- What a correction changes of it, and what of that somebody else changed since the version that it is based on: both values.
create or replace function session_merge(old jsonb, last_changed jsonb, base int4, given jsonb, out touched jsonb, out conflict jsonb) stable language sql as $$
  with told as (
    select g.key, case g.key when 'session_place' then 'place' else g.key end as field, record_text(g.key, g.value) as yours, record_text(g.key, old -> g.key) as theirs
    from jsonb_each(given) g where old ? g.key),
  differs as (select t.* from told t where sealed_mark(t.field, t.yours) is distinct from sealed_mark(t.field, t.theirs)),
  met as (select d.* from differs d where (last_changed ->> d.key)::int4 > base)
  select coalesce((select jsonb_agg(d.key) from differs d), '[]'), (select jsonb_build_object('fields', jsonb_agg(m.field order by m.field),
    'theirs', jsonb_agg(coalesce(m.theirs, '') order by m.field), 'yours', jsonb_agg(coalesce(m.yours, '') order by m.field)) from met m having count(*) > 0)
$$;

create or replace function session_prepare(wanted text, before jsonb, given jsonb, moment timestamptz, out patch jsonb, out field text, out reason text)
  stable language plpgsql as $$
declare
  held timestamptz := coalesce((given ->> 'held_at')::timestamptz, case wanted when 'hold_session' then moment end);
  ends timestamptz := coalesce((before ->> 'extended_to')::timestamptz, (before ->> 'due_at')::timestamptz);
  anew bool := session_anew(before);
  old record;
  merged record;
  failed int4 := (given ->> 'session_result' = '3')::int4;
  last int4 := coalesce((select max(s.seq) from mediation_session s where s.num = (before ->> 'num')::int8), 0);
begin
  patch := given;
  if held > moment then
    field := 'held_at'; reason := 'IN_FUTURE';
  elsif wanted = 'correct_session' then
    select * into old from session_now((before ->> 'num')::int8, (given ->> 'round')::int4);
    select * into merged from session_merge(old.fields, old.changed, (given ->> 'session_version')::int4, given);
    field := case when old.version is null then 'round'
      when merged.conflict is not null or old.version < (given ->> 'session_version')::int4 then 'session_version' end;
    reason := case field when 'round' then 'NO_SUCH_ROUND' when 'session_version' then 'VERSION_CONFLICT' end;
    patch := patch || jsonb_build_object('touched', merged.touched)
      || case when merged.conflict is null then '{}' else jsonb_build_object('conflict', merged.conflict || jsonb_build_object('id', old.id, 'version', old.version)) end;
    if merged.touched ? 'session_place' then  -- sealed for the session: where it was stands there, its event says that this was corrected
      patch := patch || '{"place_corrected": "见调解记录"}';
    end if;
    if given ? 'session_result' then
      patch := patch || jsonb_build_object('failed_rounds', (before ->> 'failed_rounds')::int4 + coalesce(failed, 0) - coalesce((old.result = 3)::int4, 0),
        'rounds', (before ->> 'rounds')::int4 + coalesce((old.result = 5)::int4, 0) - (given ->> 'session_result' = '5')::int4);
    end if;
  elsif last >= record_most('session') then
    field := 'dispute'; reason := 'LIMIT_REACHED';
  elsif given ->> 'session_result' = '5' then  -- what is not there yet is corrected by leaving it out
    field := 'session_result'; reason := 'OUT_OF_RANGE';
  elsif given ->> 'session_mode' is null then
    field := 'session_mode'; reason := 'REQUIRED';
  elsif given ? 'note_private' and coalesce(caller_role() not in (4, 5), true) then
    field := 'note_private'; reason := 'FIELD_NOT_YOURS';
  elsif before ->> 'track' = '2' and (before ->> 'rounds')::int4 >= dispute_limit_now('POLICE_ROUNDS') then
    field := 'dispute'; reason := 'ROUNDS_OVER';
  elsif held > ends and not anew then
    field := 'held_at'; reason := 'PERIOD_OVER';
  else
    patch := patch || jsonb_build_object('held_at', held, 'round', last + 1, 'rounds', (before ->> 'rounds')::int4 + 1,
      'failed_rounds', (before ->> 'failed_rounds')::int4 + coalesce(failed, 0));
    if anew then
      patch := patch || jsonb_build_object('due_at', dispute_period(dispute_track_rule((before ->> 'track')::int2), moment), 'extended_to', null, 'extension_consent', null,
        'outcome', null, 'concluded_at', null);
    end if;
  end if;
end $$;

create or replace function agreement_last(of_num int8) returns agreement stable language sql as $$
  select a from agreement a where a.num = of_num order by a.seq desc limit 1
$$;

create or replace function agreement_prepare(wanted text, before jsonb, given jsonb, moment timestamptz, out patch jsonb, out field text, out reason text)
  stable language plpgsql as $$
declare
  last agreement := agreement_last((before ->> 'num')::int8);
  form int2 := given ->> 'agreement_form';
  at timestamptz;
begin
  patch := given;
  case wanted
    when 'make_agreement' then
      at := coalesce((given ->> 'effective_at')::timestamptz, moment);
      field := case when form is null then 'agreement_form' when coalesce(btrim(given ->> 'terms'), '') = '' then 'terms'
        when (given ->> 'perform_by')::timestamptz < at then 'perform_by' end;
      reason := case field when 'perform_by' then 'BEFORE_AGREEMENT' else case when field is not null then 'REQUIRED' end end;
      if last.seq >= record_most('agreement') then
        field := 'dispute'; reason := 'LIMIT_REACHED';
      end if;
      patch := given || jsonb_build_object('effective_at', at, 'agreement_no', coalesce(last.seq, 0) + 1, 'outcome', case when (given ->> 'on_spot')::bool then 3 else form end,
        'state', case when (given ->> 'on_spot')::bool then 13 else 8 end)
        || case when (given ->> 'on_spot')::bool then '{"performance": 2}' else '{}' end::jsonb;
    when 'apply_confirmation' then
      at := coalesce((given ->> 'applied_at')::timestamptz, moment);
      field := case when coalesce(btrim(given ->> 'court'), '') = '' then 'court' when at > moment or at > last.confirm_by then 'applied_at' end;
      reason := case when field = 'court' then 'REQUIRED' when at > moment then 'IN_FUTURE' when field is not null then 'WINDOW_OVER' end;
      patch := given || jsonb_build_object('applied_at', at);
    when 'decide_confirmation' then
      field := case when given ->> 'confirmed' is null then 'confirmed' end;
      reason := case when field is not null then 'REQUIRED' end;
      patch := given || jsonb_build_object('state', case when (given ->> 'confirmed')::bool then 10 else 11 end);
    when 'perform_agreement' then
      field := case when given ->> 'performance' is null then 'performance' end;
      reason := case when field is not null then 'REQUIRED' when before ->> 'state' = '14' and given ->> 'performance' <> '2' then 'BREACHED_BEFORE' end;
      field := case when reason is not null then 'performance' end;
      patch := given || jsonb_build_object('state', 11 + (given ->> 'performance')::int2);
    else null;
  end case;
end $$;

create or replace function visit_prepare(before jsonb, given jsonb, moment timestamptz, out patch jsonb, out field text, out reason text) stable language plpgsql as $$
declare
  at timestamptz := coalesce((given ->> 'visited_at')::timestamptz, moment);
begin
  if at > moment then
    field := 'visited_at'; reason := 'IN_FUTURE';
  elsif coalesce(btrim(given ->> 'note'), '') = '' and not given ?| '{performed,satisfaction,relapse}' then
    field := 'note'; reason := 'REQUIRED';
  end if;
  patch := given || jsonb_build_object('visited_at', at, 'visit_no', 1 + (select count(*) from visit v where v.num = (before ->> 'num')::int8));
  if reason is null and (patch ->> 'visit_no')::int4 > record_most('visit') then
    field := 'dispute'; reason := 'LIMIT_REACHED';
  end if;
end $$;

-- The file: what is lacking is named, each by its word in the protocol.
create or replace function file_prepare(before jsonb, given jsonb, out patch jsonb, out field text, out reason text) stable language plpgsql as $$
declare
  words text[] := array['APPLICATION', 'CONSENT', 'INVESTIGATION', 'RECORD', 'AGREEMENT', 'VISIT', 'CONFIRMATION'];
  there jsonb := coalesce(given -> 'items', '[]');
begin
  select string_agg('FILE_ITEM_' || words[i.item], ' ' order by i.item) into field from file_item i
  where i.started_on <= today() and (i.ended_on is null or i.ended_on > today()) and not there @> to_jsonb(i.item)
    and (i.outcomes is null or (before ->> 'outcome')::int2 = any (i.outcomes));
  reason := case when field is not null then 'FILE_INCOMPLETE' end;
  if reason is null and exists (select from clock c where c.num = (before ->> 'num')::int8 and c.rule like 'VISIT%' and c.stopped_at is null) then
    field := 'dispute'; reason := 'VISITS_DUE';
  end if;
  patch := given || jsonb_build_object('checklist', (select string_agg(distinct i.name, '、') from file_item i where there @> to_jsonb(i.item)));
end $$;

create or replace function mediation_prepare(wanted text, before jsonb, given jsonb, moment timestamptz, out patch jsonb, out field text, out reason text)
  stable language plpgsql as $$
begin
  patch := given;
  case
    when wanted in ('hold_session', 'correct_session') then
      select p.patch, p.field, p.reason into patch, field, reason from session_prepare(wanted, before, given, moment) p;
    when wanted in ('make_agreement', 'apply_confirmation', 'decide_confirmation', 'perform_agreement') then
      select p.patch, p.field, p.reason into patch, field, reason from agreement_prepare(wanted, before, given, moment) p;
    when wanted = 'visit_dispute' then
      select p.patch, p.field, p.reason into patch, field, reason from visit_prepare(before, given, moment) p;
    when wanted = 'archive_dispute' then
      select p.patch, p.field, p.reason into patch, field, reason from file_prepare(before, given) p;
    else null;
  end case;
end $$;

-- Keeps what a request brought. As the owner, for the runtime role writes none of it.
create or replace function mediation_store(wanted text, given jsonb, event feed) returns void language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  case wanted
    when 'hold_session' then
      insert into mediation_session(id, num, seq, mode, method, held_at, place, mediators, participants, parties, note_open, note_private, result, risk, ignite, office, officer, entered_at)
      select event.request_id, event.num, g.round, g.session_mode, g.session_method, g.held_at, g.session_place, g.mediators, g.participants, g.present, g.note_open, g.note_private,
        g.session_result, g.risk, coalesce(g.ignite, false), event.actor, event.officer, event.at
      from jsonb_to_record(given) g(round int4, session_mode int2, session_method int2, held_at timestamptz, session_place text, mediators text, participants text, present int2[],
        note_open text, note_private text, session_result int2, risk int2, ignite bool);
    when 'correct_session' then
      update mediation_session s set mode = coalesce(g.session_mode, s.mode), held_at = coalesce(g.held_at, s.held_at),
        method = case when given ? 'session_method' then g.session_method else s.method end, place = case when given ? 'session_place' then g.session_place else s.place end,
        mediators = case when given ? 'mediators' then g.mediators else s.mediators end, participants = case when given ? 'participants' then g.participants else s.participants end,
        parties = case when given ? 'present' then g.present else s.parties end, note_open = case when given ? 'note_open' then g.note_open else s.note_open end,
        result = case when given ? 'session_result' then g.session_result else s.result end, risk = case when given ? 'risk' then g.risk else s.risk end, version = s.version + 1,
        changed = s.changed || coalesce((select jsonb_object_agg(f, s.version + 1) from jsonb_array_elements_text(given -> 'touched') f), '{}')
      from jsonb_to_record(given) g(round int4, session_mode int2, session_method int2, held_at timestamptz, session_place text, mediators text, participants text, present int2[],
        note_open text, session_result int2, risk int2)
      where s.num = event.num and s.seq = g.round;
    when 'make_agreement' then
      insert into agreement(id, num, seq, form, terms, effective_at, perform_by, confirm_by, performance, performed_at, office, officer, entered_at)
      select event.request_id, event.num, g.agreement_no, g.agreement_form, g.terms, g.effective_at, g.perform_by, dispute_period('CONFIRMATION', g.effective_at),
        case when g.on_spot then 2 end, case when g.on_spot then event.at end, event.actor, event.officer, event.at
      from jsonb_to_record(given) g(agreement_no int4, agreement_form int2, terms text, effective_at timestamptz, perform_by timestamptz, on_spot bool);
    when 'visit_dispute' then
      insert into visit(id, num, seq, visited_at, performed, satisfaction, relapse, note, office, officer, entered_at)
      select event.request_id, event.num, g.visit_no, g.visited_at, g.performed, g.satisfaction, g.relapse, event.note, event.actor, event.officer, event.at
      from jsonb_to_record(given) g(visit_no int4, visited_at timestamptz, performed bool, satisfaction int2, relapse bool);
    else
      update agreement a set court = coalesce(given ->> 'court', a.court), applied_at = coalesce((given ->> 'applied_at')::timestamptz, a.applied_at),
        confirmed = coalesce((given ->> 'confirmed')::bool, a.confirmed), decided_at = case when given ? 'confirmed' then event.at else a.decided_at end,
        performance = coalesce((given ->> 'performance')::int2, a.performance), performed_at = case when given ? 'performance' then event.at else a.performed_at end
      where a.num = event.num and a.seq = (agreement_last(event.num)).seq;
  end case;
end $$;

-- What comes of it: clocks, alerts, the rule by which failed sessions make a dispute orange.
create or replace function mediation_clocks(wanted text, before jsonb, after jsonb, given jsonb, event feed) returns void language plpgsql as $$
declare
  police bool := after ->> 'track' = '2';
begin
  case wanted
    when 'hold_session' then
      perform clock_stop(event.num, 'POLICE_FIRST', event.at);
      perform clock_stop(event.num, 'POLICE_REPEAT', event.at);
      if session_anew(before) then
        perform dispute_stop(event.num, event.at);
        perform clock_start(event.num, dispute_track_rule((after ->> 'track')::int2), event.at);
      end if;
      if police and given ->> 'session_result' = '3' and (after ->> 'rounds')::int4 < dispute_limit_now('POLICE_ROUNDS') then
        perform clock_start(event.num, 'POLICE_REPEAT', event.at);
      end if;
    when 'make_agreement' then
      perform dispute_stop(event.num, event.at);
      if after ->> 'state' = '8' and not police then
        perform clock_start(event.num, 'CONFIRMATION', (given ->> 'effective_at')::timestamptz);
      end if;
      perform dispute_visits(after, event);
    when 'apply_confirmation', 'perform_agreement' then
      perform clock_stop(event.num, 'CONFIRMATION', event.at);
    when 'visit_dispute' then
      perform clock_stop(event.num, v.rule, event.at)  -- one visit is the next one of either sequence
      from (select distinct on (c.rule like 'VISIT\_DV%') c.rule from clock c where c.num = event.num and c.rule like 'VISIT%' and c.stopped_at is null
            order by c.rule like 'VISIT\_DV%', c.due_at) v;
    else null;
  end case;
end $$;

create or replace function mediation_follow(wanted text, before jsonb, after jsonb, given jsonb, event feed) returns void language plpgsql as $$
begin
  if wanted not in ('hold_session', 'correct_session', 'make_agreement', 'apply_confirmation', 'decide_confirmation', 'perform_agreement', 'visit_dispute') then
    return;
  end if;
  perform mediation_store(wanted, given, event);
  perform mediation_clocks(wanted, before, after, given, event);
  if wanted like '%\_session' and (after ->> 'failed_rounds')::int4 > (before ->> 'failed_rounds')::int4
     and (after ->> 'failed_rounds')::int4 >= dispute_limit_now('FAILED_ROUNDS_ORANGE') and dispute_gravity((after ->> 'warning')::int2) < 3 then
    perform record_react(event.num, 'warn_dispute', '{"warning": 3}', event.at, record_derived(event.request_id, 2), format('%s次调解未成', after ->> 'failed_rounds'));
  end if;
  if (given ->> 'ignite')::bool then
    perform dispute_alert(event, 'IGNITE', 3, given ->> 'note_open');
  end if;
  if (given ->> 'relapse')::bool then
    perform mark_relapse(after, '回访发现再次发生', event, 4);
  end if;
end $$;

-- A session as the protocol's message MediationSession tells it: never its private note.
create or replace function session_private(of_num int8, round int4) returns bool stable language sql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
  select s.note_private is not null from mediation_session s where s.num = of_num and s.seq = round
$$;
-- The private note, for mediators and the head of a judicial office who see the dispute, and not because it was shown to them to decide whether they
-- take it. reason: why not.
create or replace function session_note(of_num int8, round int4, out id uuid, out note_private text, out reason text) stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  if coalesce(caller_role() not in (4, 5), true) then
    reason := 'ROLE_NOT_ALLOWED';
  elsif (select given_to_read(d.num, d.origin, d.area, d.id) from dispute d where d.num = of_num) then
    reason := 'NOT_YOURS';
  else
    select s.id, s.note_private into session_note.id, session_note.note_private from mediation_session s where s.num = of_num and s.seq = round;
    reason := case when session_note.id is null then 'NO_SUCH_ROUND round' end;
  end if;
end $$;

grant execute on function mediation_store(text, jsonb, feed), session_private(int8, int4), session_note(int8, int4) to liandong_app;
