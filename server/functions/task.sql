-- Tasks (任务): what only they know. See record_change.sql for the rest. A task is open to the office that it is asked of; the record that it is about
-- is not: title and content have to say enough.
--
--   OPEN -> ACCEPTED -> DONE -> RECHECKED     recheck with `redo`: ACCEPTED again
--    '---------'-> DECLINED, CANCELLED

-- What the task is about, and whether the caller may ask that of this office. patch: the record's part of the new task.
create or replace function task_about(wanted text, named text, receiver int4, out patch jsonb, out reason text) language plpgsql as $$
declare
  sought record;
  whole jsonb;
begin
  patch := '{}';
  if named is null then
    return;
  end if;
  sought := record_find(named, null);
  whole := record_row(sought.num);
  reason := coalesce(sought.reason, case when (whole ->> 'sensitivity')::int2 > 3 and receiver <> caller_office() then 'ROLE_NOT_ALLOWED' end);
  if reason is null and (select count(*) from task t where t.about = sought.num) >= record_most('task') then
    reason := 'LIMIT_REACHED';
    return;
  elsif reason is not null then
    perform audit_denied(wanted, named, reason);
    return;
  end if;
  patch := jsonb_build_object('about', sought.num, 'sensitivity', whole -> 'sensitivity', 'area', whole -> 'area');
end $$;

create or replace function task_prepare(wanted text, before jsonb, given jsonb, moment timestamptz, out patch jsonb, out field text, out reason text)
  language plpgsql as $$
declare
  receiver office;
  about record;
begin
  patch := given;
  if wanted = 'recheck_task' and (given ->> 'redo')::bool then
    patch := given || '{"state": 2, "done_at": null, "rechecked_at": null}';
    if coalesce(btrim(given ->> 'reason'), '') = '' then
      field := 'reason'; reason := 'REASON_REQUIRED';
    end if;
  elsif wanted = 'recheck_task' then
    patch := given || jsonb_build_object('rechecked_by', caller_officer());
  end if;
  if wanted <> 'add_task' then
    return;
  end if;
  select * into receiver from office o
  where case when given ? 'to_office' then o.code = given ->> 'to_office' else o.id = caller_office() end and (o.closed_on is null or o.closed_on > today());
  select f.field, f.reason into field, reason from (values
    (char_length(btrim(coalesce(given ->> 'title', ''))) = 0, 'title', 'REQUIRED'),
    (char_length(btrim(coalesce(given ->> 'title', ''))) < 2, 'title', 'TOO_SHORT'),
    (receiver.id is null or receiver.kind = 'bureau', 'to_office', 'UNKNOWN_VALUE'),
    (given ? 'to_account' and not account_known(given ->> 'to_account'), 'to_account', 'UNKNOWN_VALUE'),
    ((given ->> 'due_at')::timestamptz <= moment, 'due_at', 'OUT_OF_RANGE')) as f(broken, field, reason)
  where f.broken limit 1;
  if reason is not null then
    return;
  end if;
  about := task_about(wanted, given ->> 'about', receiver.id);
  if about.reason is not null then
    field := 'about'; reason := about.reason;
    return;
  end if;
  patch := given || jsonb_build_object('to_office', receiver.id, 'by_proxy', receiver.system = 3) || about.patch;
end $$;

create or replace function task_follow(wanted text, before jsonb, after jsonb, given jsonb, event feed) returns void language plpgsql as $$
begin
  if (after ->> 'state')::int2 not in (1, 2) then
    perform clock_stop(event.num, null, event.at);
  elsif wanted in ('add_task', 'recheck_task') and (after ->> 'due_at')::timestamptz > event.at then
    perform clock_start_at(event.num, 'done', (after ->> 'due_at')::timestamptz, event.at);
  end if;
end $$;

-- A task that comes of a clock, or of another record's change. The pen is held. `n`: as of record_derived; proxy: the receiver's office answers for
-- somebody whom the directory doesn't know.
create or replace function task_make(of_about int8, receiver int4, of_title text, due timestamptz, request uuid, n int4, moment timestamptz,
    of_content text default null, proxy bool default false) returns int8 language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  whole jsonb := record_whole(of_about);
  asking int4 := coalesce(caller_office(), (whole ->> 'origin')::int4);
  named text := coalesce(caller_officer(), '系统');
  after jsonb;
  event feed;
begin
  after := jsonb_build_object('num', record_number(5::int2, moment), 'id', record_derived(request, n), 'version', 1, 'state', 1, 'origin', asking, 'created_by', named,
    'created_at', moment, 'updated_by', named, 'updated_at', moment, 'events', array[(select h.seq + 1 from feed_head h)], 'sensitivity', coalesce((whole ->> 'sensitivity')::int2, 1),
    'area', whole -> 'area', 'about', of_about, 'to_office', receiver, 'title', of_title, 'content', of_content,
    'due_at', due, 'by_proxy', proxy or (select o.system = 3 from office o where o.id = receiver));
  perform given_to_addressed(5::int2, after, moment);
  event := record_event(after, 'add_task', moment, record_derived(request, n), null, null);
  select d.changed, d.old_values, d.new_values into event.changed, event.old_values, event.new_values from record_difference(5::int2, '{}', after) d;
  perform record_store(after, event);
  perform task_follow('add_task', null, after, after, event);
  return event.num;
end $$;

-- The caller's own number; NULL: nobody is logged in.
create or replace function caller_code() returns text stable language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return (select a.code from account a where a.id = caller_account());
end $$;

-- As the protocol's message Task tells it. Inlined by the planner.
create or replace function task_record(t task)
  returns table(id uuid, no text, version int4, state int2, about text, title text, content text, origin_office text, origin_office_name text, to_office text,
    to_office_name text, to_account text, by_proxy bool, due_at timestamptz, overdue bool, accepted_at timestamptz, done_at timestamptz, result text, answered_by text,
    declined_at timestamptz, cancelled_at timestamptz, rechecked_at timestamptz, rechecked_by text, created_by text, created_at timestamptz, updated_by text,
    updated_at timestamptz, sensitivity int2)
  stable parallel safe language sql as $$
  select t.id, record_no(t.num), t.version, t.state, record_no(t.about), t.title, t.content, f.code, f.name, o.code, o.name, t.to_account, t.by_proxy, t.due_at,
    coalesce(t.state in (1, 2) and t.due_at < statement_timestamp(), false), t.accepted_at, t.done_at, t.result, t.answered_by, t.declined_at, t.cancelled_at, t.rechecked_at,
    t.rechecked_by, t.created_by, t.created_at, t.updated_by, t.updated_at, t.sensitivity
  from office f, office o where f.id = t.origin and o.id = t.to_office
$$;

grant execute on function caller_code(), task_make(int8, int4, text, timestamptz, uuid, int4, timestamptz, text, bool) to liandong_app;
