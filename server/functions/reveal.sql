-- Telling who reported, to whom the record came from another office. Whoever belongs to the office that entered it sees reporter and number
-- with the record: a desk calls back at three in the morning. Anybody else whose level is enough is told only with a purpose and a case
-- number, which the office that entered it reads in the feed. Both write down the reader: audit.sql.

-- How many records the caller revealed since then.
create or replace function reveals_since(moment timestamptz) returns int8 stable language sql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
  select count(*) from audit a where a.kind = 'reveal_incident' and a.account = caller_account() and (a.account <> 0 or a.device = caller_device())
    and a.at > moment
$$;

-- Above what a person reveals in an hour or a day a second one has to agree.
create or replace function reveal_is_much() returns bool stable language plpgsql as $$
declare
  rule audit_rule;
begin
  select * into strict rule from audit_rule r where r.since <= today() order by r.since desc limit 1;
  return reveals_since(clock_timestamp() - interval '1 hour') >= rule.reveal_per_hour
    or reveals_since(clock_timestamp() - interval '1 day') >= rule.reveal_per_day;
end $$;

-- Says of which record the caller may be told, and writes down that he was; or why not ("REASON field"). The pen is held.
create or replace function incident_reveal(named text, for_purpose text, for_case text, out num int8, out reason text) language plpgsql as $$
declare
  i incident;
  purpose audit_purpose;
  turn record;
  event feed;
  entry audit;
begin
  select f.num, f.reason into num, reason from incident_find(named) f;
  if reason is null then
    select * into strict i from incident x where x.num = incident_reveal.num;
    purpose := purpose_named(for_purpose);
    reason := case
      when not identity_known(i) then 'ROLE_NOT_ALLOWED'
      when coalesce(btrim(for_purpose), '') = '' then 'REQUIRED purpose'
      when purpose.code is null then 'UNKNOWN_VALUE purpose'
      when coalesce(btrim(for_case), '') = '' then 'REQUIRED case_no' end;
    if reason is null and reveal_is_much() and not approval_take('reveal_incident', i.id, incident_no(i.num), purpose.name || ' ' || for_case) then
      reason := 'APPROVAL_NEEDED';
    end if;
  end if;
  if reason is not null then
    perform audit_denied('reveal_incident', named, reason);
    return;
  end if;
  turn := feed_begin();
  i.version := i.version + 1;
  i.events := i.events || turn.seq + 1;
  event := incident_event(i, 'reveal_incident', turn.moment, gen_random_uuid(), '', null);  -- a read: it has no request_id of its own
  event.changed := array['purpose', 'case_no']; event.old_values := array[null, null]::text[]; event.new_values := array[purpose.name, for_case];
  perform incident_store(i, event);
  entry.kind := 'reveal_incident'; entry.request := 'reveal_incident'; entry.record := i.id; entry.no := event.no; entry.level := greatest(i.sensitivity, 2);
  entry.purpose := purpose.code; entry.case_no := for_case;
  entry.fields := array_remove(array[case when i.reporter is not null then 'reporter' end, case when i.reporter_phone is not null then 'reporter_phone' end], null);
  perform audit_append(entry);
end $$;

grant execute on function reveals_since(timestamptz), reveal_is_much(), incident_reveal(text, text, text) to liandong_app;
