-- Records that are opened to an office for a time, whoever entered them (table record_office): by a transfer, an alert, a task. The relation
-- GIVEN of right_rule says up to which level its roles see them. The feed tells it as it tells of a person's access: a grant_access or
-- withdraw_access of that record, whose field is opened_to; so whoever watches for that office gets a grant and a retract.

-- Milliseconds since 1970, for the ring; what has no end is the largest.
create or replace function until_ms(moment timestamptz) returns int8 immutable parallel safe language sql as $$
  select case when isfinite(moment) then (extract(epoch from moment) * 1000)::int8 else 9223372036854775807 end
$$;

-- To whom a record is open now. As the owner: an office that changes it need not see to whom else it is open, but those must hear of it.
create or replace function given_to(of_num int8) returns int4[] stable language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return array(select distinct g.office from record_office g where g.num = of_num and g.until > clock_timestamp());
end $$;

-- How far a record is open to the caller's office: 0 not at all, else record_office.mode.
create or replace function given_mode(of_num int8) returns int2 stable language plpgsql as $$
begin
  return coalesce((select max(g.mode) from record_office g
    where g.num = of_num and g.office = caller_office() and g.since <= clock_timestamp() and g.until > clock_timestamp()), 0);
end $$;

-- Whether the caller sees a record for no other reason than that it was opened for reading: then changing it is not for the caller.
create or replace function given_to_read(of_num int8, of_origin int4, of_area int4, of_id uuid) returns bool stable language plpgsql as $$
begin
  return of_origin <> all (origins_any()) and coalesce(of_area <> all (areas_any()), true) and given_mode(of_num) = 1
    and not exists (select from record_access a where a.record = of_id and a.account = caller_account() and a.until > clock_timestamp());
end $$;

-- Whether the caller may do no more than read a record, or sees it for himself alone, opened to him by name: handing it on, which would open it for
-- longer and to more, is then not for the caller.
create or replace function given_not_on(whole jsonb) returns bool stable language plpgsql as $$
begin
  return given_to_read((whole ->> 'num')::int8, (whole ->> 'origin')::int4, (whole ->> 'area')::int4, (whole ->> 'id')::uuid)
    or given_mode((whole ->> 'num')::int8) < 2 and not exists (select from right_seen r where r.office = caller_office() and r.role = caller_role()
      and ((whole ->> 'sensitivity')::int2 = 1 and (whole ->> 'origin')::int4 = any (r.work)
        or record_marks(null, (whole ->> 'origin')::int4, (whole ->> 'sensitivity')::int2, (whole ->> 'area')::int4) && r.beyond));
end $$;

-- Whether the caller's office is the one that a field of a record names, or handles the record together with that one.
create or replace function record_mine(side text, whole jsonb) returns bool stable language plpgsql as $$
begin
  return coalesce((whole ->> side)::int4 = caller_office(), false)
    or side in ('origin', 'lead_office') and coalesce(given_mode((whole ->> 'num')::int8), 0) >= 2;
end $$;

-- Adds an event to a record of any kind that changes none of its fields. `also`: who is told besides those who see it.
create or replace function given_tell(target int8, wanted text, moment timestamptz, request uuid, why text, fields text[], old_told text[], new_told text[], also int4[])
  returns void language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  next int8 := (select h.seq + 1 from feed_head h);
  whole jsonb;
  i incident;
  event feed;
begin
  if record_type_of(target) = 1 then
    select * into strict i from incident x where x.num = target;
    i.version := i.version + 1; i.events := i.events || next; i.updated_by := coalesce(caller_officer(), '系统'); i.updated_at := moment;
    event := incident_event(i, wanted, moment, request, '', why);
  else
    whole := record_whole(target);
    whole := whole || jsonb_build_object('version', (whole ->> 'version')::int4 + 1, 'updated_by', coalesce(caller_officer(), '系统'), 'updated_at', moment,
      'events', (whole -> 'events') || to_jsonb(next));
    event := record_event(whole, wanted, moment, request, null, why);
  end if;
  event.changed := fields; event.old_values := old_told; event.new_values := new_told;
  event.audience := array(select unnest(event.audience) union select unnest(also));
  if record_type_of(target) = 1 then
    perform incident_store(i, event);
  else
    perform record_store(whole, event);
  end if;
end $$;

-- Opens a record to an office, or changes how far; tells it in the record's own history. The pen is held; `request` is that of this event alone.
create or replace function record_open(target int8, to_office int4, how int2, by_record int8, moment timestamptz, ends timestamptz, request uuid, why text)
  returns void language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  insert into record_office(num, office, since, until, cause, mode) values (target, to_office, moment, ends, by_record, how)
  on conflict (num, office, cause, since) do update set until = excluded.until, mode = excluded.mode, closed = false;
  perform given_tell(target, 'grant_access', moment, request, why, array['opened_to', 'until'], array[null, null]::text[],
    array[(select o.code from office o where o.id = to_office), case when isfinite(ends) then moment_text(ends) end], array[to_office]);
end $$;

-- Ends what one record opened of another to an office. Nothing where nothing is open.
create or replace function record_shut(target int8, to_office int4, by_record int8, moment timestamptz, request uuid, why text)
  returns void language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  update record_office g set until = moment, closed = true where g.num = target and g.office = to_office and g.cause = by_record and g.until > moment;
  if found then
    perform given_tell(target, 'withdraw_access', moment, request, why, array['opened_to'],
      array[(select o.code from office o where o.id = to_office)], array[null]::text[], array[to_office]);
  end if;
end $$;

-- Opens a new record to whom it is addressed (record_type.addressed), before its first event, which so goes to them as well.
create or replace function given_to_addressed(of_type int2, after jsonb, moment timestamptz) returns void language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  insert into record_office(num, office, since, until, cause)
  select (after ->> 'num')::int8, (after ->> t.addressed)::int4, moment, 'infinity', (after ->> 'num')::int8
  from record_type t where t.type = of_type and (after ->> t.addressed)::int4 <> (after ->> 'origin')::int4;
  if of_type = 4 then
    perform alert_address(after, moment);
  end if;
end $$;

grant execute on function given_to_addressed(int2, jsonb, timestamptz), until_ms(timestamptz), given_to(int8), given_mode(int8), given_to_read(int8, int4, int4, uuid), record_mine(text, jsonb),
  given_tell(int8, text, timestamptz, uuid, text, text[], text[], text[], int4[]),
  record_open(int8, int4, int2, int8, timestamptz, timestamptz, uuid, text), record_shut(int8, int4, int8, timestamptz, uuid, text) to liandong_app;
