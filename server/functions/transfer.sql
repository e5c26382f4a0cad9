-- Transfers (移送): what only they know. See record_change.sql for the rest, and given.sql for what opens a record to the receiving office.
--
--   SENT -> DELIVERED -> SIGNED -> ACCEPTED -> FEEDBACK -> CONFIRMED
--    '---------'-> RECALLED '----> RETURNED
--
-- The record is open to the receiving office for reading from the moment it is sent, for nobody can decide on what he can't read; acting on
-- it (CO_HANDLE) and leading it (TAKE_OVER) begin when it is accepted. RETURNED and RECALLED close it again. The transfer itself stays
-- open to both: it is what they did.

-- Why the caller may not hand this record on in this way; NULL: he may.
create or replace function transfer_fault(whole jsonb, of_mode int2, out field text, out reason text) stable language plpgsql as $$
begin
  select f.field, f.reason into field, reason from (values
    (record_type_of((whole ->> 'num')::int8) not in (1, 2), 'about', 'UNKNOWN_VALUE'),
    (given_not_on(whole), 'about', 'NOT_YOURS'),
    -- what is special is for the heads to hand on, and what is for named persons alone for nobody
    ((whole ->> 'sensitivity')::int2 >= 3 and (caller_role() not in (3, 5) or (whole ->> 'sensitivity')::int2 > 3), 'about', 'ROLE_NOT_ALLOWED'),
    (of_mode = 3 and (whole ->> 'lead_office')::int4 <> caller_office(), 'mode', 'NOT_YOURS')) as f(broken, field, reason)
  where f.broken limit 1;
end $$;

-- A transfer under way that this one would cross: the same record from there to here, once more to the same office, or taken over by two.
-- As the owner, for the other one may be hidden.
create or replace function transfer_crossed(of_about int8, sender int4, receiver int4, of_mode int2) returns text stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return (select record_no(t.num) from transfer t
    where t.about = of_about and (t.state in (1, 2, 3) or t.state in (4, 6) and t.to_office = receiver and t.from_office = sender and t.mode >= of_mode)
      and (t.from_office = receiver and t.to_office = sender or t.from_office = sender and t.to_office = receiver or t.mode = 3 and of_mode = 3)
    order by t.num limit 1);
end $$;

create or replace function transfer_prepare(wanted text, before jsonb, given jsonb, moment timestamptz, out patch jsonb, out field text, out reason text)
  language plpgsql as $$
declare
  sought record;
  whole jsonb;
  receiver office;
  how int2 := coalesce((given ->> 'mode')::int2, 1);
  other text;
begin
  patch := given;
  if wanted = 'sign_transfer' then
    patch := given || jsonb_build_object('signed_by', caller_officer(), 'delivered_at', coalesce(before ->> 'delivered_at', moment::text));
  elsif wanted = 'feedback_transfer' then
    patch := given || jsonb_build_object('feedback_at', coalesce(before ->> 'feedback_at', moment::text));
  end if;
  if wanted = 'accept_transfer' and before ->> 'mode' = '3' and record_type_of((before ->> 'about')::int8) = 2
     and (select d.lead_office is distinct from (before ->> 'lead_before')::int4 from dispute d where d.num = (before ->> 'about')::int8) then
    field := 'transfer'; reason := 'LEAD_CHANGED';  -- whoever leads it now did not hand it on
  end if;
  if wanted <> 'send_transfer' then
    return;
  end if;
  sought := record_find(given ->> 'about', null);
  if sought.reason is not null then
    field := 'about'; reason := case when given ? 'about' then sought.reason else 'REQUIRED' end;
    perform audit_denied(wanted, given ->> 'about', reason);
    return;
  end if;
  whole := record_row(sought.num);
  select * into field, reason from transfer_fault(whole, how);
  if reason is not null then
    perform audit_denied(wanted, record_no(sought.num), reason);
    return;
  end if;
  select * into receiver from office o where o.code = given ->> 'to_office' and (o.closed_on is null or o.closed_on > today());
  if receiver.id is null or receiver.kind = 'bureau' or receiver.id = caller_office()
     or how = 3 and receiver.system = 3 then  -- a partner helps; what it led, nobody could take any further
    field := 'to_office'; reason := case when given ? 'to_office' then 'UNKNOWN_VALUE' else 'REQUIRED' end;
    return;
  end if;
  other := transfer_crossed(sought.num, caller_office(), receiver.id, how);
  if other is not null then
    field := 'about'; reason := 'TRANSFER_OPEN'; patch := jsonb_build_object('standing', other);
    return;
  end if;
  patch := given || jsonb_build_object('about', sought.num, 'from_office', caller_office(), 'to_office', receiver.id, 'mode', how, 'sensitivity', whole -> 'sensitivity', 'area', whole -> 'area',
    'lead_before', whole -> 'lead_office', 'title', coalesce(nullif(btrim(given ->> 'title'), ''), whole ->> 'title', record_no(sought.num)));
end $$;

-- What comes of it for the record. As the owner: it opens and closes what is not the caller's; who may was decided above.
create or replace function transfer_follow(wanted text, before jsonb, after jsonb, given jsonb, event feed) returns void language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  target int8 := after ->> 'about';
  receiver int4 := after ->> 'to_office';
  derived uuid := record_derived(event.request_id, 1);
begin
  if wanted = 'send_transfer' then
    perform clock_start(event.num, 'sign', event.at);
    perform record_open(target, receiver, 1::int2, event.num, event.at, 'infinity', derived, event.no);
  elsif wanted = 'sign_transfer' then
    perform clock_stop(event.num, 'sign', event.at);
    perform clock_start(event.num, 'decide', event.at);
  elsif wanted in ('return_transfer', 'recall_transfer') then
    perform clock_stop(event.num, null, event.at);
    perform record_shut(target, receiver, event.num, event.at, derived, event.no);
  elsif wanted = 'accept_transfer' then
    perform clock_stop(event.num, null, event.at);
    update record_office g set mode = (after ->> 'mode')::int2 where g.num = target and g.cause = event.num and g.until > event.at;
    if (after ->> 'mode')::int2 = 3 and record_type_of(target) = 2 then
      perform record_react(target, 'accept_transfer', jsonb_build_object('lead_office', receiver), event.at, derived, event.no);
    end if;
  end if;
end $$;

create or replace function span_ms(begun timestamptz, ended timestamptz) returns int8 immutable parallel safe language sql as $$
  select (extract(epoch from ended - begun) * 1000)::int8
$$;

-- As the protocol's message Transfer tells it. Inlined by the planner.
create or replace function transfer_record(t transfer)
  returns table(id uuid, no text, version int4, state int2, mode int2, about text, title text, doc_no text, why text, from_office text, from_office_name text,
    to_office text, to_office_name text, created_by text, sent_at timestamptz, delivered_at timestamptz, signed_at timestamptz, signed_by text,
    accepted_at timestamptz, returned_at timestamptz, returned_reason text, feedback_at timestamptz, feedback text, confirmed_at timestamptz, recalled_at timestamptz,
    delivery_ms int8, signing_ms int8, decision_ms int8, feedback_ms int8, confirmation_ms int8, updated_by text, updated_at timestamptz, sensitivity int2)
  stable parallel safe language sql as $$
  select t.id, record_no(t.num), t.version, t.state, t.mode, record_no(t.about), t.title, t.doc_no, t.why, f.code, f.name, o.code, o.name, t.created_by,
    t.sent_at, t.delivered_at, t.signed_at, t.signed_by, t.accepted_at, t.returned_at, t.returned_reason, t.feedback_at, t.feedback, t.confirmed_at, t.recalled_at,
    span_ms(t.sent_at, t.delivered_at), span_ms(t.sent_at, t.signed_at), span_ms(t.signed_at, coalesce(t.accepted_at, t.returned_at)),
    span_ms(t.accepted_at, t.feedback_at), span_ms(t.feedback_at, t.confirmed_at), t.updated_by, t.updated_at, t.sensitivity
  from office f, office o where f.id = t.from_office and o.id = t.to_office
$$;

grant execute on function transfer_crossed(int8, int4, int4, int2), transfer_follow(text, jsonb, jsonb, jsonb, feed) to liandong_app;
