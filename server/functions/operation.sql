-- Nodes tell of themselves, take orders and answer them; administrators ask.

create or replace function node_rule_now() returns node_rule stable language sql as $$
  select * from node_rule r where r.since <= today() order by r.since desc limit 1
$$;

create or replace function microseconds(moment timestamptz) returns int8 immutable parallel safe language sql as $$
  select (extract(epoch from moment) * 1000000)::int8
$$;

-- ms since 1970, as nodes tell time.
create or replace function moment_of(ms int8) returns timestamptz immutable parallel safe language sql as $$
  select 'epoch'::timestamptz + ms * interval '1 millisecond'
$$;

-- Takes lines of a log, one a row of text, each a JSON object; `first` is the number of the first one. Those up to `taken` are there.
-- The lock comes last in its transaction and is held for that commit only: 200 nodes with a batch a second hold it a tenth of the time.
create or replace function node_take_lines(named text, first int8, lines text, taken int8) returns int8 language plpgsql as $$
declare
  last int8;
begin
  perform pg_advisory_xact_lock(7236824500317);
  last := greatest((select max(l.id) from node_log l), microseconds(clock_timestamp()));
  insert into node_log(id, at, node, level, event, office, text)
  select last + t.n, (t.line ->> 'ts')::timestamptz, named, coalesce(5 - array_position('{debug,info,warn,error}', t.line ->> 'level'), 3),
    coalesce(t.line ->> 'ev', '?'), t.line ->> 'office',
    coalesce((select string_agg(f.key || '=' || f.value::text, ' ') from json_each(t.line) f where f.key not in ('ts', 'level', 'ev')), '')
  from (select u.line::json as line, u.n from unnest(string_to_array(lines, E'\n')) with ordinality u(line, n)) t
  where first + t.n - 1 > taken;
  return greatest(taken, first + cardinality(string_to_array(lines, E'\n')) - 1);
end $$;

-- Sessions that began, changed or ended. A device is seen when one begins and when it ends.
create or replace function node_tell_sessions(me uuid, beat jsonb) returns void language plpgsql as $$
begin
  if (beat ->> 'fresh')::bool then
    delete from node_session s where s.instance = me;
  end if;
  -- In one order, so that two nodes that tell of the same devices never wait for each other.
  insert into device_seen(device, at, address, client, certificate_until)
  select distinct on (t.device) t.device, clock_timestamp(), t.told ->> 'address', t.told ->> 'client', moment_of((t.told ->> 'certificate')::int8)
  from (
      select (o ->> 'device')::int8 as device, o as told from jsonb_array_elements(beat -> 'open') o where (o ->> 'new')::bool
      union all
      select s.device, s.told from node_session s where s.instance = me and s.conn in (select c::int8 from jsonb_array_elements_text(beat -> 'closed') c)
    ) t join device d on d.id = t.device
  order by t.device
  on conflict (device) do update set at = excluded.at, address = excluded.address, client = excluded.client,
    certificate_until = coalesce(excluded.certificate_until, device_seen.certificate_until);
  insert into node_session(instance, conn, device, told)
  select me, (o ->> 'conn')::int8, (o ->> 'device')::int8, o from jsonb_array_elements(beat -> 'open') o
  on conflict (instance, conn) do update set device = excluded.device, told = excluded.told;
  delete from node_session s where s.instance = me and s.conn in (select c::int8 from jsonb_array_elements_text(beat -> 'closed') c);
end $$;

-- One beat of a node: what it is, what changed of its sessions, its answers, its lines. Gives back, in each row, whether it was known
-- (else it tells all its sessions anew) and the newest line there is; and an order for it a row, or one row without an order.
create or replace function node_beat(beat jsonb, lines text)
  returns table(known bool, log_head int8, id uuid, kind text, session text, device int8, office int4, level text, after int4)
  language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  rule node_rule := node_rule_now();
  me uuid := beat ->> 'instance';
  named text := beat ->> 'node';
  moment timestamptz := clock_timestamp();
  says jsonb := beat - '{open,closed,done,metrics,fresh}'::text[];  -- of itself
  mine node_status;
begin
  update node_status s set at = moment, told = says where s.instance = me returning s.* into mine;
  known := found;
  if not known then
    insert into node_status values (me, named, moment, moment, 0, says) returning * into mine;
    -- the run of this name before this one
    delete from node_status s where s.node = named and s.instance <> me and s.at < moment - make_interval(secs => rule.silent_seconds);
  end if;
  perform node_tell_sessions(me, beat);
  if beat ? 'metrics' then
    insert into node_metric values (me, moment, beat ->> 'metrics') on conflict (instance) do update set at = excluded.at, page = excluded.page;
  end if;
  insert into node_answer(node_order, instance, node, at, count, outcome)
  select (d ->> 'id')::uuid, me, named, moment, (d ->> 'count')::int4, d ->> 'outcome' from jsonb_array_elements(beat -> 'done') d
  on conflict do nothing;
  if lines <> '' then
    update node_status s set log_n = node_take_lines(named, (beat ->> 'first')::int8, lines, mine.log_n) where s.instance = me;
  end if;
  log_head := (select max(l.id) from node_log l);
  for id, kind, session, device, office, level, after in
    select o.id, o.kind, o.terms ->> 'session', (o.terms ->> 'device')::int8, (o.terms ->> 'office')::int4, o.terms ->> 'level', (o.terms ->> 'after')::int4
    from node_order o
    where o.at > moment - make_interval(secs => rule.order_seconds) and o.at >= mine.first and (o.node is null or o.node = named)
      and not exists (select from node_answer a where a.node_order = o.id and a.instance = me)
    order by o.at limit 16
  loop
    return next;
  end loop;
  if not found then
    id := null;
    return next;
  end if;
end $$;

-- Forgets what is over. Every node asks once a minute; one at a time does it.
create or replace function node_forget() returns int8 language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  rule node_rule := node_rule_now();
  gone int8;
begin
  if not pg_try_advisory_xact_lock(7236824500318) then
    return 0;
  end if;
  delete from node_log l where l.id < microseconds(clock_timestamp() - make_interval(hours => rule.log_keep_hours));
  get diagnostics gone = row_count;
  delete from node_status s where s.at < clock_timestamp() - make_interval(hours => rule.forget_hours);
  delete from node_session s where not exists (select from node_status n where n.instance = s.instance);
  delete from node_metric m where not exists (select from node_status n where n.instance = m.instance);
  return gone;
end $$;

-- Is this node heard of?
create or replace function node_is_alive(s node_status) returns bool stable language sql as $$
  select s.at > clock_timestamp() - make_interval(secs => (node_rule_now()).silent_seconds)
$$;

-- Whole days left until then, 0 where it is past; NULL of NULL, which greatest() would not give.
create or replace function days_until(moment timestamptz) returns int4 stable strict parallel safe language sql as $$
  select greatest(floor(extract(epoch from moment - clock_timestamp()) / 86400), 0)::int4
$$;

-- Records an order. The pen is held and the caller is set. `named`: a node, or "all".
create or replace function node_order_give(request uuid, sent bytea, wanted text, named text, terms jsonb, why text,
    out outcome text, out reason text, out field text, out id uuid, out at timestamptz, out replay bool)
  language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  past node_order;
begin
  outcome := 'refused';
  select * into past from node_order o where o.id = request;
  if found then
    if past.kind = wanted and past.device = caller_device() and past.act = sent then
      outcome := 'replay'; replay := true; id := past.id; at := past.at;
    else
      reason := 'KEY_REUSED'; field := 'request_id';
    end if;
    return;
  end if;
  if caller_role() is distinct from 7 then
    reason := 'ADMIN_ONLY';
    return;
  end if;
  if named is null or wanted = 'set_log_level' and terms ->> 'level' is null then
    reason := 'REQUIRED'; field := case when named is null then 'node' else 'level' end;
    return;
  end if;
  -- Never all at once: nobody would be left to start them again.
  if named = 'all' and wanted = 'drain_node' or named <> 'all' and not exists (select from node_status s where s.node = named and node_is_alive(s)) then
    reason := 'UNKNOWN_NODE'; field := 'node';
    return;
  end if;
  id := request;
  at := date_trunc('milliseconds', clock_timestamp());
  insert into node_order values (id, at, wanted, nullif(named, 'all'), jsonb_strip_nulls(terms), why, sent, caller_office(), caller_device(), caller_officer());
  outcome := 'done';
  replay := false;
end $$;

-- What an order to end sessions needs: exactly one of three, and one that there is.
create or replace function node_kick(request uuid, sent bytea, session text, device text, office text, why text,
    out outcome text, out reason text, out field text, out id uuid, out at timestamptz, out replay bool)
  language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  wanted_device int8 := (select d.id from device d where d.name = node_kick.device);
  wanted_office int4 := (select o.id from office o where o.code = node_kick.office);
begin
  outcome := 'refused';
  if num_nonnulls(session, device, office) <> 1 then
    reason := 'REQUIRED'; field := 'session';
  elsif device is not null and wanted_device is null then
    reason := 'UNKNOWN_VALUE'; field := 'device';
  elsif office is not null and wanted_office is null then
    reason := 'UNKNOWN_VALUE'; field := 'office';
  elsif session !~ '^[^/]+/[0-9]{1,18}$' then
    reason := 'UNKNOWN_VALUE'; field := 'session';
  elsif coalesce(btrim(why), '') = '' then
    reason := 'REASON_REQUIRED'; field := 'reason';
  else
    select g.* into outcome, reason, field, id, at, replay
    from node_order_give(request, sent, 'kick_sessions', coalesce(split_part(session, '/', 1), 'all'),
      jsonb_build_object('session', split_part(session, '/', 2), 'device', wanted_device, 'office', wanted_office), why) g;
    if field = 'node' then
      field := 'session';
    end if;
  end if;
end $$;

grant execute on function node_rule_now(), microseconds(timestamptz), moment_of(int8), days_until(timestamptz), node_beat(jsonb, text), node_forget(), node_is_alive(node_status),
  node_order_give(uuid, bytea, text, text, jsonb, text), node_kick(uuid, bytea, text, text, text, text) to liandong_app;
