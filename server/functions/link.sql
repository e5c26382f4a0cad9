-- Links between disputes and incidents. Linking is an act on the dispute; the incident, where it is ours, hears of it in an event of its own.

-- What is beside a dispute rather than in its row: dispute_prepare and dispute_follow hand over to these.
create or replace function beside_prepare(wanted text, before jsonb, given jsonb, moment timestamptz, out patch jsonb, out field text, out reason text)
  language plpgsql as $$
begin
  patch := given;
  if wanted in ('link_incident', 'unlink_incident') then
    select * into patch, field, reason from link_prepare(wanted, before, given, moment);
  elsif wanted in ('merge_dispute', 'unmerge_dispute') then
    select * into patch, field, reason from merge_prepare(wanted, before, given);
  elsif wanted in ('add_party', 'correct_party', 'remove_party') then
    select * into patch, field, reason from party_prepare(wanted, before, given);
  end if;
end $$;
create or replace function beside_follow(wanted text, before jsonb, after jsonb, given jsonb, event feed) returns void language plpgsql as $$
begin
  if wanted in ('link_incident', 'unlink_incident') then
    perform link_follow(after, given, event);
  elsif wanted in ('merge_dispute', 'unmerge_dispute') then
    perform merge_follow(before, after, event);
  elsif wanted in ('add_party', 'correct_party', 'remove_party') then
    perform party_follow(given, event);
  elsif event.kind = 'open_dispute' then
    if given ? 'link_num' then
      perform link_follow(after, given, event);
    end if;
    perform dispute_meets(event.num, event.at);
  end if;
end $$;

-- Names the one incident that is meant: link_num of ours, link_key of others'; `linked` is what the event tells. A number is not told where
-- the dispute is seen by more than the incident is.
create or replace function link_prepare(wanted text, before jsonb, given jsonb, moment timestamptz, out patch jsonb, out field text, out reason text)
  language plpgsql as $$
declare
  target int8;
  standing record_link;
begin
  patch := given;
  if num_nonnulls(given ->> 'incident', given ->> 'external_no') <> 1 then
    field := 'incident';
    reason := case when given ? 'incident' then 'ONE_OF_THEM' else 'REQUIRED' end;
    return;
  elsif given ? 'incident' then
    select f.num, f.reason into target, reason from record_find(given ->> 'incident', 1::int2) f;
    field := case when reason is not null then 'incident' end;
    if reason is not null then
      perform audit_denied(wanted, given ->> 'incident', reason);
      return;
    end if;
  elsif wanted = 'link_incident' then
    field := (select f from unnest(array['external_office', 'external_at', 'link_reason']) f where coalesce(btrim(given ->> f), '') = '' limit 1);
    reason := case when field = 'external_at' or field = 'external_office' then 'REQUIRED' when field is not null then 'REASON_REQUIRED' end;
    if reason is null and (given ->> 'external_at')::timestamptz > moment + interval '1 day' then
      field := 'external_at'; reason := 'IN_FUTURE';
    end if;
    field := case field when 'link_reason' then 'reason' else field end;
    if reason is not null then
      return;
    end if;
  end if;
  select * into standing from record_link l
  where l.dispute = (before ->> 'num')::int8 and l.undone_at is null and l.incident is not distinct from target
    and (target is not null or l.external_no = given ->> 'external_no' and (wanted = 'unlink_incident' and not given ? 'external_office' or l.external_office = given ->> 'external_office'))
  order by l.id desc limit 1;
  if (standing.id is null) <> (wanted = 'link_incident') then
    field := case when target is null then 'external_no' else 'incident' end;
    reason := 'NO_CHANGE';
    return;
  elsif wanted = 'link_incident'
      and (select count(*) from record_link l where l.dispute = (before ->> 'num')::int8 and l.undone_at is null) >= record_most('link') then
    field := 'dispute'; reason := 'LIMIT_REACHED';
    return;
  end if;
  patch := given || jsonb_build_object('link_num', target, 'link_id', standing.id, 'linked', case
    when target is null then coalesce(given ->> 'external_office', standing.external_office) || ' ' || (given ->> 'external_no')
    when exists (select from any_record r where r.num = target and r.sensitivity > (before ->> 'sensitivity')::int2) then masked('', false)
    else record_no(target) end);
end $$;

-- What a dispute that is opened out of an incident takes over of it, as the caller is told it, and the link. The place comes from the server,
-- which alone can seal it anew. What is open to named persons only makes nothing that others see.
create or replace function link_opened(given jsonb, out patch jsonb, out reason text) language plpgsql as $$
declare
  found record := record_find(given ->> 'from', 1::int2);
  i incident;
begin
  patch := given;
  select * into i from incident x where x.num = found.num;
  reason := coalesce(found.reason, case when i.sensitivity > 3 then 'ROLE_NOT_ALLOWED' end);
  if reason is not null then
    perform audit_denied('open_dispute', given ->> 'from', reason);
    return;
  end if;
  patch := jsonb_strip_nulls(jsonb_build_object('content', numbers_hidden(i.content, identity_shown(i)), 'people_count', i.mass_count, 'sensitivity', greatest(i.sensitivity, 1::int2),
      'area', area_named((select a.code from area a where a.id = i.area), caller_office()),
      'source', case when i.repeat_count > 1 then 11 when i.source = 2 then 9 when i.source = 9 then 10 when caller_system() = 2 and i.source = 1 then 3 end))
    || given || jsonb_build_object('link_num', i.num, 'linked', record_no(i.num));
end $$;

-- The row, and the incident's own event. As the owner, who alone writes either; whether the caller may was decided above.
create or replace function link_follow(after jsonb, given jsonb, event feed) returns void language plpgsql security definer
  set search_path = liandong, pg_catalog, pg_temp as $$
declare
  target int8 := given ->> 'link_num';
  i incident;
  told feed;
begin
  if event.kind <> 'unlink_incident' then
    insert into record_link(dispute, incident, external_no, external_office, external_at, reason, made_by, made_at)
    values (event.num, target, given ->> 'external_no', given ->> 'external_office', (given ->> 'external_at')::timestamptz, event.note, event.officer, event.at);
  else
    update record_link l set undone_by = event.officer, undone_at = event.at, undone_why = event.note
    where l.id = (given ->> 'link_id')::int8 and l.dispute = event.num and l.undone_at is null;
  end if;
  select * into i from incident x where x.num = target;
  if event.kind = 'link_incident' and coalesce(i.received_at, (given ->> 'external_at')::timestamptz) > (after ->> 'created_at')::timestamptz then
    perform mark_relapse(after, '后再次报警', event, 4);
  end if;
  if target is null then
    return;
  end if;
  i.version := i.version + 1;
  i.updated_by := event.officer;
  i.updated_at := event.at;
  i.events := i.events || (select h.seq + 1 from feed_head h);
  told := incident_event(i, case event.kind when 'unlink_incident' then event.kind else 'link_incident' end, event.at, record_derived(event.request_id, 1), '', event.note);
  told.changed := '{linked}'; told.old_values := '{null}';
  told.new_values := array[case when (after ->> 'sensitivity')::int2 > i.sensitivity then masked('', false) else event.no end];
  perform incident_store(i, told);
end $$;

-- A dispute and all that was merged into it.
create or replace function dispute_family(of_num int8) returns int8[] stable language plpgsql as $$
begin
  return (with recursive family as (
      select of_num as num union select d.num from family f join dispute d on d.merged_into = f.num
    )
  select array_agg(f.num) from family f);
end $$;
grant execute on function link_follow(jsonb, jsonb, feed) to liandong_app;
