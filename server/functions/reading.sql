-- How many rows of records one person is handed before a second one has to agree: read_rule.
--
-- Decision 2026-11: what counts is what no desk needs for its work: records that are closed or void and were received days ago, and any that are
-- older than repeated reports are put together (threshold.repeat_days), by whatever list or search; today's list and what is open cost nothing,
-- however often they are looked at. An export (a list with a purpose) counts every row. Rows are counted for each person over the hour that
-- has just passed, not by pages, so that small pages are no way around it. The count stands in the audit: the answer goes out after it is durable,
-- and not at all where it says that somebody has to agree first. A device that nobody logged in to is a person of its own.
-- One such record by its number is a row as well, each once an hour: who guesses numbers one after the other gets no further than a list.
-- Records of S2 and above that a list or search tells are written down one by one, too, as show's are.
-- What this does not count: the feed, of which the audit has nothing.

-- The purpose that a person names by its code or in words; NULL: there is none such today.
create or replace function purpose_named(named text) returns audit_purpose stable language sql as $$
  select p from audit_purpose p
  where (p.code = lower(btrim(named)) or p.name = btrim(named)) and p.started_on <= today() and (p.ended_on is null or p.ended_on > today())
  order by p.code limit 1
$$;

create or replace function read_rule_now() returns read_rule stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return (select r from read_rule r where r.since <= today() order by r.since desc limit 1);
end $$;

-- Received before this: counted once it is closed or void, and once it is that old whatever its state.
create or replace function read_fresh(out closed timestamptz, out open timestamptz) stable language plpgsql as $$
begin
  closed := clock_timestamp() - make_interval(days => (read_rule_now()).fresh_days);
  open := clock_timestamp() - make_interval(days => (select t.repeat_days from threshold t where t.since <= today() order by t.since desc limit 1));
end $$;

-- Rows that the caller was handed since then, by requests of these kinds.
create or replace function rows_since(kinds text[], moment timestamptz) returns int8 stable language sql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
  select coalesce(sum(a.count), 0)::int8 from audit a where a.kind in ('list_incidents', 'search_incidents', 'export_incidents') and a.kind = any (kinds) and a.record is null
    and a.account = caller_account() and (a.account <> 0 or a.device = caller_device()) and a.at > moment
$$;

-- Whether the caller may be handed so many more old rows.
create or replace function rows_allowed(n int4, rule read_rule, hour_ago timestamptz) returns bool language plpgsql as $$
declare
  what text := format('一小时内查看旧警情超过 %s 行，再看 %s 行', rule.look_rows, rule.more_rows);
begin
  return rows_since('{list_incidents,search_incidents}', hour_ago) + n <= rule.look_rows + rule.more_rows * approvals_used('list_incidents', what, hour_ago)
    or approval_take('list_incidents', null, null, what);
end $$;

-- Counts a single record that is shown by its number, where it counts; why not, where it may not. The pen is held.
create or replace function row_read(asked text, i incident) returns text language plpgsql as $$
declare
  hour_ago timestamptz := clock_timestamp() - interval '1 hour';
  told text := incident_no(i.num);
  fresh record := read_fresh();
  entry audit;
begin
  if i.num is null or not (i.received_at < fresh.closed and i.state in (6, 7) or i.received_at < fresh.open) or row_counted(told, hour_ago) then
    return null;
  elsif not rows_allowed(1, read_rule_now(), hour_ago) then
    return 'APPROVAL_NEEDED';
  end if;
  entry.kind := 'list_incidents'; entry.request := asked; entry.no := told;
  perform audit_append(entry);
  return null;
end $$;

create or replace function row_counted(told text, moment timestamptz) returns bool stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return exists (select from audit a where a.kind = 'list_incidents' and a.no = told and a.record is null
    and a.account = caller_account() and a.device = caller_device() and a.at > moment);
end $$;

-- Writes down which records of S2 and above a list tells: each person's once an hour, for a list is looked at again and again.
create or replace function rows_sensitive(asked text, nos text, hour_ago timestamptz) returns void language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  i record;
  entry audit;
begin
  for i in
    select x.id, x.num, x.sensitivity from unnest(string_to_array(nos, ',')) no join incident x on x.num = substr(no, 4, 4)::int8 * 1000000000 + substr(no, 9)::int8
    where not exists (select from audit a where a.record = x.id and a.account = caller_account() and a.device = caller_device() and a.kind = asked and a.at > hour_ago)
    order by x.num
  loop
    entry := null;
    entry.kind := asked; entry.request := asked; entry.record := i.id; entry.no := incident_no(i.num); entry.level := i.sensitivity;
    perform audit_append(entry);
  end loop;
end $$;

-- Counts what an answer holds, before it goes out; why not, where it may not (as a read says it). sensitive: numbers of those of S2 and above,
-- comma-separated. The pen is held.
drop function if exists rows_read(text, int4, text, int8, int8);
create or replace function rows_read(asked text, n int4, for_purpose text, from_ms int8, until_ms int8, sensitive text) returns text language plpgsql as $$
declare
  rule read_rule := read_rule_now();
  hour_ago timestamptz := clock_timestamp() - interval '1 hour';
  purpose audit_purpose := purpose_named(for_purpose);
  exports bool := coalesce(btrim(for_purpose), '') <> '';
  what text;
  allowed bool;
  entry audit;
begin
  if exports and purpose.code is null then
    return 'UNKNOWN_VALUE purpose';
  elsif exports then
    what := purpose.name || case when from_ms is null and until_ms is null then ' 全部时间' else '' end || coalesce(' ' || to_char(to_timestamp(from_ms / 1000) at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI') || ' 起', '')
      || coalesce(' ' || to_char(to_timestamp(until_ms / 1000) at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI') || ' 止', '');
    allowed := rows_since('{export_incidents}', hour_ago) + n <= rule.export_rows or approvals_used('export_incidents', what, hour_ago) > 0
      or approval_take('export_incidents', null, null, what);
  elsif n > 0 then
    allowed := rows_allowed(n, rule, hour_ago);
  end if;
  if not coalesce(allowed, true) then
    perform audit_denied(asked, null, 'APPROVAL_NEEDED');
    return 'APPROVAL_NEEDED';
  end if;
  if n > 0 or exports then
    entry.kind := case when exports then 'export_incidents' else asked end; entry.request := asked; entry.count := n;
    entry.purpose := purpose.code;
    perform audit_append(entry);
  end if;
  perform rows_sensitive(asked, sensitive, hour_ago);
  return null;
end $$;

grant execute on function read_rule_now(), row_counted(text, timestamptz), rows_since(text[], timestamptz), rows_sensitive(text, text, timestamptz) to liandong_app;
