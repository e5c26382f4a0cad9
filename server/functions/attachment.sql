-- Attachments: begun with a name, a size and a SHA-256, then filled chunk by chunk from where the server says. The same file again on the
-- same record is the same attachment, whoever sends it and from wherever. The last byte makes it one, in an event of its record.

create or replace function attachment_rule_now() returns attachment_rule stable language sql as $$
  select r from attachment_rule r where r.since <= today() order by r.since desc limit 1
$$;

-- Uploads that nobody has gone on with for too long are given up: by every node once a minute, and by whoever begins another.
create or replace function attachment_give_up(moment timestamptz) returns int4 language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  given_up int4;
begin
  delete from attachment a where a.attached_at is null and a.touched_at < moment - make_interval(hours => (attachment_rule_now()).hours);
  get diagnostics given_up = row_count;
  return given_up;
end $$;

-- The writes, as the owner: the runtime role writes none of this itself.
create or replace function attachment_open(a attachment) returns int8 language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  opened int8;
begin
  perform attachment_give_up(a.begun_at);
  insert into attachment(num, name, sha256, size, media_type, chunk, office, officer, begun_at, touched_at)
  values (a.num, a.name, a.sha256, a.size, a.media_type, a.chunk, a.office, a.officer, a.begun_at, a.begun_at) returning id into opened;
  return opened;
end $$;
create or replace function attachment_keep(of_id int8, part int4, content bytea, upto int8, so_far text, moment timestamptz, whole bool) returns void language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  insert into attachment_chunk(attachment, n, bytes) values (of_id, part, content);
  update attachment a set received = upto, hash = case when not whole then so_far end, touched_at = moment, attached_at = case when whole then moment end where a.id = of_id;
end $$;
-- What turned out to be other bytes than were announced.
create or replace function attachment_drop(of_id int8) returns void language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  delete from attachment a where a.id = of_id and a.attached_at is null;
end $$;
create or replace function attachment_admit(of_id int8, refused text) returns text language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  if refused is not null then
    return refused;
  end if;
  insert into attachment_reading values (of_id, coalesce(caller_account(), 0), coalesce(caller_device(), 0),
    clock_timestamp() + make_interval(hours => (attachment_rule_now()).reading_hours))
  on conflict (attachment, account, device) do update set until = excluded.until;
  return null;
end $$;
-- Bytes that a record's attachments take, announced ones included while somebody may still go on with them.
create or replace function attachment_room(of_num int8) returns int8 stable language sql as $$
  select coalesce(sum(a.size), 0)::int8 from attachment a
  where a.num = of_num and (a.attached_at is not null or a.touched_at >= clock_timestamp() - make_interval(hours => (attachment_rule_now()).hours))
$$;

-- Whether attaching to this record is not for the caller: a bureau looks on, and so does an office to which it was opened for reading.
drop function if exists attachment_foreign();
create or replace function attachment_foreign(of_num int8) returns bool stable language sql as $$
  select coalesce((select o.kind = 'bureau' from office o where o.id = caller_office())
    or (select given_to_read(r.num, r.origin, r.area, r.id) from any_record r where r.num = of_num), true)
$$;

create or replace function begin_attachment(request uuid, sent bytea, named text, given_name text, given_sha256 text, given_size int8, given_type text,
    out outcome text, out reason text, out field text, out attachment int8, out "offset" int8, out chunk int4, out complete bool, out replay bool) language plpgsql as $$
declare
  rule attachment_rule := attachment_rule_now();
  target int8;
  a attachment;
begin
  outcome := 'refused';
  select f.num, f.reason into target, reason from record_find(named, null) f;
  if reason is null and attachment_foreign(target) then
    reason := 'NOT_YOURS';
  end if;
  if reason is not null then
    field := 'record';
    perform audit_denied('begin_attachment', named, reason);
    return;
  end if;
  a.media_type := lower(coalesce(nullif(btrim(given_type), ''), 'application/octet-stream'));
  select w.field, w.reason into field, reason from (values
      ('name', case when coalesce(btrim(given_name), '') = '' then 'REQUIRED' end),
      ('sha256', case when coalesce(btrim(given_sha256), '') = '' then 'REQUIRED' end),
      ('size', case when given_size is null then 'REQUIRED' when given_size < 1 then 'OUT_OF_RANGE' when given_size > rule.most then 'FILE_TOO_LARGE' end),
      ('media_type', case when a.media_type !~ '^[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*$' then 'UNKNOWN_VALUE' end)
    ) as w(field, reason) where w.reason is not null limit 1;
  if reason is not null then
    return;
  end if;
  if (feed_past(request)).seq is not null then
    reason := 'KEY_REUSED'; field := 'request_id';
    return;
  end if;
  outcome := 'done';
  replay := false;
  select x.id, x.received, x.chunk, x.attached_at is not null into begin_attachment.attachment, "offset", begin_attachment.chunk, complete
  from attachment x where x.num = target and attachment_mark(x.sha256) = attachment_mark(given_sha256) and x.size = given_size;
  if begin_attachment.attachment is not null then
    replay := complete;
    return;
  end if;
  if attachment_room(target) + given_size > rule.record_most then
    outcome := 'refused'; reason := 'RECORD_FULL'; field := 'record';
    return;
  elsif (select count(*) from attachment x where x.num = target) >= record_most('attachment') then
    outcome := 'refused'; reason := 'LIMIT_REACHED'; field := 'record';
    return;
  end if;
  a.num := target; a.name := given_name; a.sha256 := given_sha256; a.size := given_size; a.chunk := rule.chunk;
  a.office := caller_office(); a.officer := caller_officer(); a.begun_at := (feed_begin()).moment;
  begin_attachment.attachment := attachment_open(a);
  "offset" := 0; chunk := a.chunk; complete := false;
end $$;

-- content: the sealed chunk that begins at `at_byte`; hash: SHA-256 up to its end, sealed; of the whole where it is the last.
create or replace function put_chunk(request uuid, of_id int8, at_byte int8, content bytea, so_far text,
    out outcome text, out reason text, out field text, out attachment int8, out "offset" int8, out chunk int4, out complete bool, out replay bool,
    out no text, out version int4, out at timestamptz) language plpgsql as $$
declare
  a attachment;
  upto int8;
  event feed;
begin
  outcome := 'refused';
  select * into a from attachment x where x.id = of_id;
  reason := case when a.id is null then 'NOT_FOUND' when attachment_foreign(a.num) then 'NOT_YOURS' end;
  if reason is not null then
    field := 'attachment';
    perform audit_denied('put_chunk', null, reason);
    return;
  end if;
  attachment := a.id; chunk := a.chunk;
  replay := at_byte < a.received;
  if at_byte is distinct from a.received and not coalesce(replay, false) or at_byte < 0 or so_far is null and not replay then
    reason := 'WRONG_OFFSET'; field := 'offset';
    return;
  elsif not replay then
    upto := least(a.received + a.chunk, a.size);
    if upto = a.size and attachment_mark(so_far) is distinct from attachment_mark(a.sha256) then
      perform attachment_drop(a.id);
      reason := 'WRONG_HASH'; field := 'bytes';
      return;
    elsif (feed_past(request)).seq is not null then
      reason := 'KEY_REUSED'; field := 'request_id';
      return;
    end if;
    a.touched_at := (feed_begin()).moment;
    perform attachment_keep(a.id, (a.received / a.chunk)::int4, content, upto, so_far, a.touched_at, upto = a.size);
    a.received := upto;
    if upto = a.size then
      a.attached_at := a.touched_at;
      event := record_tell(a.num, 'attached', jsonb_build_object('attachment', a.id, 'media_type', a.media_type, 'size', a.size), (feed_begin()).moment, request, null, null);
      no := event.no; version := event.version; at := event.at;
    end if;
  end if;
  outcome := 'done'; "offset" := a.received; complete := a.attached_at is not null;
end $$;

-- As the protocol's message AttachmentRecord tells it.
create or replace function attachment_record(a attachment)
  returns table(attachment int8, record text, name text, media_type text, size int8, sha256 text, received int8, complete bool, office text, office_name text, officer text,
    begun_at timestamptz, attached_at timestamptz, chunk int4) stable language sql as $$
  select a.id, record_no(a.num), a.name, a.media_type, a.size, a.sha256, a.received, a.attached_at is not null, o.code, o.name, a.officer, a.begun_at, a.attached_at, a.chunk
  from office o where o.id = a.office
$$;

grant execute on function attachment_give_up(timestamptz), attachment_open(attachment), attachment_keep(int8, int4, bytea, int8, text, timestamptz, bool), attachment_drop(int8), attachment_admit(int8, text) to liandong_app;
