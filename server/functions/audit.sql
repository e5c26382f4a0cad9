-- Who saw what and who was refused: migrations/0015_audit.sql. Whoever calls what appends here holds the pen (server/db/writer.h): the
-- entry is durable before the answer goes out, and where it can't be written the transaction fails and there is no answer.

-- As feed_hash.
create or replace function audit_hash(previous bytea, entry audit) returns bytea stable parallel safe language sql as $$
  select sha256(previous || record_send(entry))
$$;

-- Appends one entry. seq, at and hash are set here, whatever `entry` says; who acts is the caller, unless `entry` names a device. As the
-- owner, and the only way: the runtime role may not write the audit or move its head.
create or replace function audit_append(entry audit) returns void language plpgsql security definer
  set search_path = liandong, pg_catalog, pg_temp as $$
declare
  head audit_head;
  acting int4;
begin
  select * into strict head from audit_head for update;
  entry.seq := head.seq + 1;
  entry.at := greatest(head.at, date_trunc('milliseconds', clock_timestamp()));
  entry.count := coalesce(entry.count, 1);
  if entry.device is null then
    entry.account := coalesce(caller_account(), 0);
    entry.officer := coalesce(caller_officer(), '');
    entry.device := coalesce(caller_device(), 0);
    entry.role := coalesce(caller_role(), 0);
    select o.code, o.name into entry.office, entry.office_name from office o where o.id = caller_office();
    entry.office := coalesce(entry.office, '');
    entry.office_name := coalesce(entry.office_name, '');
  end if;
  entry.hash := null;
  entry.hash := audit_hash(head.hash, entry);
  insert into audit select entry.*;
  update audit_head set seq = entry.seq, hash = entry.hash, at = entry.at;
end $$;

-- Which record a name means, whoever asks; where there is none, the name itself if it looks like one. For audit_denied alone: it sees
-- what its caller does not.
create or replace function audit_named(named text, out record uuid, out no text) stable language plpgsql security definer
  set search_path = liandong, pg_catalog, pg_temp as $$
declare
  ref text := upper(normalize(btrim(named), NFKC));
  of_year int8 := (select extract(year from h.day)::int8 * 1000000000 from feed_head h);
begin
  if ref ~ '^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$' then
    select f.entity, f.no into record, no from feed f where f.request_id = ref::uuid and f.entity = f.request_id;
  elsif ref ~ '^[0-9]{1,9}$' then
    select i.id, incident_no(i.num) into record, no from incident i where i.num = of_year + ref::int8;
  elsif ref ~ '^[A-Z]{2}-[0-9]{4}-[0-9]{1,9}$' then
    select r.id, record_no(r.num) into record, no from any_record r
    where r.num = record_base(array_position(record_prefixes(), left(ref, 2))::int2, substr(ref, 4, 4)::int4) + substr(ref, 9)::int8;
  end if;
  if no is null and ref ~ '^[0-9A-Z-]{1,40}$' then
    no := ref;
  end if;
end $$;

-- Refusals that were only counted, in minutes that are over: one row for each device.
create or replace function audit_flush() returns void language plpgsql security definer
  set search_path = liandong, pg_catalog, pg_temp as $$
declare
  f audit_flood;
  entry audit;
begin
  for f in select * from audit_flood x where x.rest > 0 and x.minute < date_trunc('minute', clock_timestamp()) for update loop
    entry := null;
    entry.kind := 'denied'; entry.request := f.request; entry.reason := f.reason; entry.count := f.rest;
    entry.account := f.account; entry.officer := f.officer; entry.device := f.device; entry.role := f.role;
    select o.code, o.name into entry.office, entry.office_name from office o where o.id = f.office;
    entry.office := coalesce(entry.office, '');
    entry.office_name := coalesce(entry.office_name, '');
    perform audit_append(entry);
    update audit_flood set rest = 0 where device = f.device;
  end loop;
end $$;

-- A tail alone is of the kind that a request is about: "4" of close_dispute is JF-2026-000004.
create or replace function audit_whole(asked text, named text) returns text stable language plpgsql as $$
declare
  ref text := normalize(btrim(named), NFKC);
  kind record_type := (select t from record_type t where asked like '%\_' || t.name
    or asked in ('show_session', 'list_parties', 'list_suspects', 'show_timeline', 'reveal_party') and t.type = 2 or asked = 'show_plan' and t.type = 4
    or (select array_agg(distinct r.type) from record_transition r where r.kind = asked) = array[t.type] limit 1);
begin
  return case when ref ~ '^[0-9]{1,9}$' and kind.type > 1 then record_no(record_base(kind.type, kind.year) + ref::int8) else named end;
end $$;

-- A refusal for want of a right; others are none of the audit's business. What is not there and what the caller may not see are
-- both written down: the one tells of guessing, and so that both take the same time.
create or replace function audit_denied(asked text, named text, why text) returns void language plpgsql security definer
  set search_path = liandong, pg_catalog, pg_temp as $$
declare
  most int4;
  turn audit_flood;
  entry audit;
begin
  if why is null or why not in ('NOT_FOUND', 'NOT_YOURS', 'ROLE_NOT_ALLOWED', 'ADMIN_ONLY', 'APPROVAL_NEEDED', 'NOT_ON_SCENE') then
    return;
  end if;
  perform audit_flush();
  select r.denied_per_minute into strict most from audit_rule r where r.since <= today() order by r.since desc limit 1;
  insert into audit_flood as f values (coalesce(caller_device(), 0), date_trunc('minute', clock_timestamp()), 1, 0, asked, why,
    coalesce(caller_account(), 0), coalesce(caller_officer(), ''), coalesce(caller_office(), 0), coalesce(caller_role(), 0))
  on conflict (device) do update set minute = excluded.minute, request = excluded.request, reason = excluded.reason,
    account = excluded.account, officer = excluded.officer, office = excluded.office, role = excluded.role,
    written = case when f.minute = excluded.minute then least(f.written + 1, most) else 1 end,
    rest = case when f.minute = excluded.minute and f.written >= most then f.rest + 1 else 0 end
  returning * into turn;
  if turn.rest = 0 then
    entry.kind := 'denied'; entry.request := asked; entry.reason := why;
    select n.record, n.no into entry.record, entry.no from audit_named(audit_whole(asked, named)) n;
    perform audit_append(entry);
  end if;
end $$;

-- What an answer tells of a record goes through here, in the statement that makes it: an entry where it tells sensitive fields, or where
-- it is refused for want of a right. Gives back the refusal.
create or replace function audit_read(asked text, named text, refused text, record uuid, no text, level int2, fields text[]) returns text
  language plpgsql as $$
declare
  entry audit;
begin
  if refused is not null then
    perform audit_denied(asked, named, refused);
  elsif level >= 2 or cardinality(fields) > 0 then
    entry.kind := asked; entry.request := asked; entry.record := record; entry.no := no; entry.level := greatest(level, 2);
    entry.fields := fields;
    perform audit_append(entry);
  end if;
  return refused;
end $$;

-- As feed_verify.
create or replace function audit_verify(out intact bool, out checked int8, out first_broken text, out head bytea)
  stable language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  h audit_head;
  entry audit;
  said bytea;
  previous bytea := sha256('liandong audit');
begin
  select * into strict h from audit_head;
  head := h.hash;
  checked := 0;
  for entry in select * from audit a order by a.seq loop
    if entry.seq <> checked + 1 then
      exit;
    end if;
    said := entry.hash;
    entry.hash := null;
    previous := audit_hash(previous, entry);
    if previous <> said then
      first_broken := format('#%s CHANGED', entry.seq);
      exit;
    end if;
    checked := checked + 1;
  end loop;
  if first_broken is null and (checked < h.seq or exists (select from audit a where a.seq > checked)) then
    first_broken := format('#%s MISSING', checked + 1);
  elsif first_broken is null and (checked <> h.seq or previous <> h.hash) then
    first_broken := format('#%s HEAD', checked);
  end if;
  intact := first_broken is null;
end $$;

-- The record that an auditor's name for it means, who sees no case and may ask about any.
create or replace function audit_any(named text) returns uuid stable language plpgsql security definer
  set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return (select n.record from audit_named(named) n where caller_role() = 8);
end $$;
-- The same for whoever asks: others may ask about those that they see.
create or replace function audit_subject(named text, out record uuid, out reason text) stable language plpgsql as $$
declare
  found_num int8;
begin
  if caller_role() = 8 then
    record := audit_any(named);
    reason := case when record is null then 'NOT_FOUND' end;
  else
    select f.num, f.reason into found_num, reason from record_find(named, null) f;
    select r.id into record from any_record r where r.num = found_num;
  end if;
end $$;

-- Entries before `before_seq` (NULL: from the newest on), newest first; one more than `most`, which tells that there are more.
create or replace function audit_page(before_seq int8, most int4, of_record uuid, of_officer text, of_office text, of_device text, of_kind text,
    only_denied bool, from_at timestamptz, until_at timestamptz, only_sensitive bool)
  returns table(seq int8, at timestamptz, kind text, request text, officer text, account text, device text, office text, office_name text,
    no text, level int2, fields text[], purpose text, case_no text, reason text, count int4)
  stable rows 50 language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  most_seq int8 := coalesce(before_seq, 9223372036854775807);
begin
  return query
    with entries as (
      select x.* from audit x where of_record is not null and x.record = of_record
      union all
      select x.* from audit x where of_record is null)
    select e.seq, e.at, e.kind, e.request, e.officer, a.code, d.name, e.office, e.office_name, e.no, e.level, e.fields, e.purpose,
      e.case_no, e.reason, e.count
    from entries e left join account a on a.id = e.account left join device d on d.id = e.device
    where e.seq < most_seq and (of_officer is null or e.officer = of_officer or e.officer like of_officer || ' %' or a.code = of_officer)
      and (of_office is null or e.office = of_office) and (of_device is null or d.name = of_device) and (of_kind is null or e.kind = of_kind)
      and (not coalesce(only_denied, false) or e.kind = 'denied') and (from_at is null or e.at >= from_at) and (until_at is null or e.at < until_at)
      and (not only_sensitive or e.kind = 'denied' or e.level >= 2)
    order by e.seq desc limit most + 1;
end $$;

-- What the chain of the feed, of the audit, comes to at `upto`, begun from a head that somebody kept. NULL where an entry is missing.
create or replace function feed_grown(from_seq int8, from_hash bytea, upto int8) returns bytea
  stable language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  event feed;
  reached int8 := from_seq;
begin
  for event in select * from feed f where f.seq > from_seq and f.seq <= upto order by f.seq loop
    exit when event.seq <> reached + 1;
    event.hash := null;
    from_hash := feed_hash(from_hash, event);
    reached := reached + 1;
  end loop;
  return case when reached = upto then from_hash end;
end $$;
create or replace function audit_grown(from_seq int8, from_hash bytea, upto int8) returns bytea
  stable language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  entry audit;
  reached int8 := from_seq;
begin
  for entry in select * from audit a where a.seq > from_seq and a.seq <= upto order by a.seq loop
    exit when entry.seq <> reached + 1;
    entry.hash := null;
    from_hash := audit_hash(from_hash, entry);
    reached := reached + 1;
  end loop;
  return case when reached = upto then from_hash end;
end $$;

-- The first signature whose heads are not those of the chains, which are whole: its number and what is wrong; NULL where none is.
create or replace function signatures_broken() returns text stable language plpgsql security definer
  set search_path = liandong, pg_catalog, pg_temp as $$
declare
  s audit_signature;
  before audit_signature;
  link bytea := sha256('liandong heads');
  number int8 := 0;
begin
  for s in select * from audit_signature x order by x.n loop
    number := number + 1;
    if s.n <> number then
      return format('#%s MISSING', number);
    elsif s.previous <> link then
      return format('#%s CHANGED', number);
    elsif s.feed_seq < before.feed_seq or (s.feed_seq > 0 and s.feed_hash is distinct from (select f.hash from feed f where f.seq = s.feed_seq)) then
      return format('#%s FEED', number);
    elsif s.audit_seq < before.audit_seq or (s.audit_seq > 0 and s.audit_hash is distinct from (select a.hash from audit a where a.seq = s.audit_seq)) then
      return format('#%s AUDIT', number);
    end if;
    link := sha256(s.signature);
    before := s;
  end loop;
  return null;
end $$;

-- The newest signature, whether a new one is due, and whether the chains grew from it as they say.
create or replace function heads_due(out due bool, out grown bool, out n int8, out feed_seq int8, out feed_hash bytea, out audit_seq int8,
    out audit_hash bytea, out last audit_signature)
  stable language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  rule audit_rule;
begin
  select * into strict rule from audit_rule r where r.since <= today() order by r.since desc limit 1;
  select * into last from audit_signature s order by s.n desc limit 1;
  select f.seq, f.hash, a.seq, a.hash into strict feed_seq, feed_hash, audit_seq, audit_hash from feed_head f, audit_head a;
  n := coalesce(last.n, 0) + 1;
  due := last.n is null or ((feed_seq, audit_seq) <> (last.feed_seq, last.audit_seq)
    and (clock_timestamp() - last.at >= make_interval(secs => rule.sign_seconds)
      or feed_seq - last.feed_seq + audit_seq - last.audit_seq >= rule.sign_entries));
  if due then
    grown := last.n is null or (feed_grown(last.feed_seq, last.feed_hash, feed_seq) is not distinct from feed_hash
      and audit_grown(last.audit_seq, last.audit_hash, audit_seq) is not distinct from audit_hash);
  end if;
end $$;

grant execute on function audit_hash(bytea, audit), audit_append(audit), audit_flush(), audit_denied(text, text, text),
  audit_read(text, text, text, uuid, text, int2, text[]), audit_verify(), audit_any(text), audit_subject(text),
  audit_page(int8, int4, uuid, text, text, text, text, bool, timestamptz, timestamptz, bool), feed_grown(int8, bytea, int8),
  audit_grown(int8, bytea, int8), signatures_broken(), heads_due() to liandong_app;
