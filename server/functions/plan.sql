-- Response plans (应对方案): a part of an alert (alert.sql), made and added to while it stands, reviewed when it is over. Whom it asks gets a
-- task about the alert, all in the transaction of the one request.

-- An alert with those that it updates and that update it: its plan goes on from one to the next, the tasks stay where they were set.
create or replace function alert_family(of_num int8) returns int8[] stable language sql as $$
  with recursive kin(num) as (
    select of_num
    union select x.num from kin join alert a on a.num = kin.num cross join unnest(array[a.supersedes, a.superseded_by]) x(num) where x.num is not null)
  select array_agg(kin.num) from kin
$$;

-- The alert that is meant by its own number, by that of one it has replaced, or by the incident's that it is about. What names none comes
-- back as it is.
create or replace function alert_named(named text) returns text stable language plpgsql as $$
declare
  sought record := record_find(named, 4::int2);
  found_num int8 := sought.num;
begin
  if sought.reason is not null and named !~ '^\s*[0-9]*\s*$' then
    sought := record_find(named, 1::int2);
    found_num := (select a.num from alert a where a.about = sought.num order by a.state in (1, 2, 3) desc, a.num desc limit 1);
  end if;
  while exists (select from alert a where a.num = found_num and a.superseded_by is not null) loop
    found_num := (select a.superseded_by from alert a where a.num = found_num);
  end loop;
  return coalesce(record_no(found_num), named);
end $$;

-- The office that is meant by its code, its name, or by a partner's kind or part of its name; of several partners the one that has the area.
-- NULL without reason: the directory knows none.
create or replace function partner_named(word text, of_area int4, out office int4, out reason text) stable language plpgsql as $$
declare
  hits int4[] := array(select o.id from office o where o.kind <> 'bureau' and (o.code = word or o.name = word) and (o.closed_on is null or o.closed_on > today()) limit 2);
begin
  if hits = '{}' then
    hits := array(select o.id from office o left join partner_kind k on k.code = o.partner_kind
      where o.kind = 'partner' and (k.name = word or k.english = lower(word) or strpos(o.name, word) > 0) and (o.closed_on is null or o.closed_on > today()));
  end if;
  if cardinality(hits) > 1 and of_area is not null then
    hits := array(select a.office from area_office a where a.area = of_area and a.office = any (hits) and a.started_on <= today() and (a.ended_on is null or a.ended_on > today()));
  end if;
  office := hits[1];
  if cardinality(hits) > 1 then
    reason := 'AMBIGUOUS_PARTNER';
  end if;
end $$;

-- "whom" or "whom=what" of a plan -> its task. Whom the directory doesn't know is asked through the caller's office: the answer is entered for him.
create or replace function plan_task(item text, whole jsonb, out task jsonb, out whom text, out reason text) stable language plpgsql as $$
declare
  parts text[] := regexp_match(item, '^\s*([^=＝:：]+?)\s*(?:[=＝:：]\s*(.*?)\s*)?$');
  what text := coalesce(nullif(parts[2], ''), whole ->> 'title');
  meant record;
begin
  whom := parts[1];
  if coalesce(char_length(whom), 0) < 2 then
    reason := 'TOO_SHORT';
    return;
  end if;
  meant := partner_named(whom, (whole ->> 'area')::int4);
  reason := meant.reason;
  task := jsonb_build_object('office', coalesce(meant.office, caller_office()), 'by_proxy', meant.office is null,
    'title', title_cut(alert_marked(case when meant.office is null then whom || '：' else '' end || what, (whole ->> 'status')::int2)));
end $$;

-- Part of alert_prepare: of plan_alert and review_alert.
create or replace function plan_prepare(wanted text, before jsonb, given jsonb, moment timestamptz, out patch jsonb, out field text, out reason text)
  stable language plpgsql as $$
declare
  item text;
  one record;
  asked text[] := '{}';
  made jsonb := '[]';
  due timestamptz := coalesce((given ->> 'due_at')::timestamptz, moment + (select k.task_minutes * interval '1 minute' from alert_kind k
    where k.kind = (before ->> 'kind')::int2 and k.started_on <= today() order by k.started_on desc limit 1));
begin
  patch := given - 'tasks';
  if wanted = 'review_alert' then
    patch := patch || jsonb_build_object('reviewed_by', caller_officer());
    if before ->> 'planned_at' is null then
      field := 'alert'; reason := 'NO_PLAN';
    end if;
    return;
  end if;
  for item in select jsonb_array_elements_text(given -> 'tasks') loop
    one := plan_task(item, before);
    if one.reason is not null then
      field := 'tasks'; reason := one.reason;
      return;
    end if;
    asked := asked || one.whom;
    made := made || one.task;
  end loop;
  if cardinality(asked) + (select count(*) from task t where t.about = any (alert_family((before ->> 'num')::int8))) > record_most('plan_task') then
    field := 'tasks'; reason := 'LIMIT_REACHED';
  elsif coalesce(btrim(given ->> 'plan'), '') = '' and asked = '{}' then
    field := 'plan'; reason := 'REQUIRED';
  elsif due <= moment then
    field := 'due_at'; reason := 'OUT_OF_RANGE';
  end if;
  patch := patch || jsonb_build_object('planned_at', coalesce(before ->> 'planned_at', moment_text(moment)), 'planned_by', coalesce(before ->> 'planned_by', caller_officer()),
    'made', made, 'due', due) || case when asked = '{}' then '{}' else jsonb_build_object('asked', array_to_string(asked, '、')) end;
end $$;

-- Part of alert_follow: the tasks of a plan; those of a false alarm are called off.
create or replace function plan_follow(wanted text, after jsonb, given jsonb, event feed) returns void language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  t record;
begin
  for t in select e.value as task, e.ordinality::int4 as n from jsonb_array_elements(given -> 'made') with ordinality e where wanted = 'plan_alert' loop
    perform task_make(event.num, (t.task ->> 'office')::int4, t.task ->> 'title', (given ->> 'due')::timestamptz, event.request_id, 20 + t.n, event.at,
      after ->> 'plan', (t.task ->> 'by_proxy')::bool);
  end loop;
  for t in select k.num, (row_number() over (order by k.num))::int4 as n from task k
           where wanted = 'cancel_alert' and k.about = any (alert_family(event.num)) and k.state in (1, 2) order by k.num loop
    perform record_react(t.num, 'cancel_task', '{}', event.at, record_derived(event.request_id, 20 + t.n), event.no);
  end loop;
end $$;

-- Makes or adds to the plan of an alert, or of the alert about an incident; without one there is nothing that a plan could be of.
create or replace function alert_plan(request uuid, sent bytea, named text, given jsonb) returns record_answer language plpgsql as $$
declare
  answer record_answer := record_past(request, sent, 'plan_alert');
  meant text := alert_named(named);
begin
  if answer.outcome is null and meant = named and (record_find(named, 4::int2)).reason is not null and (record_find(named, 1::int2)).reason is null
     and named !~ '^\s*[0-9]*\s*$' then
    answer.outcome := 'refused'; answer.reason := 'NO_ALERT'; answer.field := 'alert';
    return answer;
  end if;
  return record_change(request, sent, 4::int2, 'plan_alert', meant, null, given, null);
end $$;

grant execute on function plan_follow(text, jsonb, jsonb, feed) to liandong_app;
