-- Two disputes that turn out to be one. The one that is merged goes into the state MERGED and keeps all that is its own: links, parties, events
-- and what else hangs on it are read together with the other's (dispute_family), counted once, so that taking it back restores both exactly.
-- Whoever writes holds the pen: of two crossing merges the second sees the first, and there is no order of locks to keep.

-- Whether the caller sees another dispute that may be the same matter: of a party's person or phone, or of the place. As list_suspects.
create or replace function merge_likely(whole jsonb) returns bool stable language plpgsql as $$
declare
  ours int8[] := dispute_family((whole ->> 'num')::int8);
  since timestamptz := (whole ->> 'created_at')::timestamptz - proposal_span();
begin
  return exists (select from dispute mine join dispute d on d.place_index = mine.place_index where mine.num = any (ours) and d.num <> all (ours) and d.created_at > since)
    or exists (select from party p join party q on q.person = p.person join dispute d on d.num = q.dispute
      where p.dispute = any (ours) and p.removed_at is null and d.num <> all (ours) and d.created_at > since)
    or exists (select from party p join party q on q.phone_index = p.phone_index join dispute d on d.num = q.dispute
      where p.dispute = any (ours) and p.removed_at is null and d.num <> all (ours) and d.created_at > since);
end $$;

create or replace function merge_prepare(wanted text, before jsonb, given jsonb, out patch jsonb, out field text, out reason text) language plpgsql as $$
declare
  target int8;
  other dispute;
  past dispute_merge;
begin
  patch := given;
  if wanted = 'merge_dispute' then
    select f.num, f.reason into target, reason from record_find(given ->> 'into', 2::int2) f;
    select * into other from dispute d where d.num = target;
    reason := case when coalesce(given ->> 'into', '') = '' then 'REQUIRED' when reason is not null then reason
      when target = (before ->> 'num')::int8 then 'NO_CHANGE' when other.state = 23 then 'MERGED_ALREADY' when other.state in (4, 20, 21, 24) then 'TARGET_CLOSED'
      when given_to_read(target, other.origin, other.area, other.id) then 'NOT_YOURS'
      when (dispute_mark_of(before ->> 'subtype')).subtype <> coalesce(other.subtype, '') then 'MARK_LOST'
      -- or one head alone would be rid of what takes two
      when before ->> 'warning' = '4' and other.warning <> 4 or dispute_joint(before) and not dispute_joint(to_jsonb(other)) then 'GRAVER_STAYS'
      when party_count((before ->> 'num')::int8) + party_count(target) > record_most('party') then 'LIMIT_REACHED' end;
    field := case when reason is not null then 'into' end;
    if reason in ('NOT_FOUND', 'NOT_YOURS') then
      perform audit_denied(wanted, given ->> 'into', reason);
    end if;
    patch := given || jsonb_build_object('state', 23, 'merged_into', target);
  else
    select * into past from dispute_merge m where m.dispute = (before ->> 'num')::int8 and m.undone_at is null;
    patch := given || jsonb_build_object('state', past.state, 'merged_into', null);
  end if;
end $$;

create or replace function merge_follow(before jsonb, after jsonb, event feed) returns void language plpgsql security definer
  set search_path = liandong, pg_catalog, pg_temp as $$
declare
  into_num int8 := coalesce(after ->> 'merged_into', before ->> 'merged_into');
  stopped int8[];
begin
  if event.kind = 'merge_dispute' then
    insert into dispute_merge(dispute, into_dispute, state, made_by, made_at, clocks) values (event.num, into_num, (before ->> 'state')::int2, event.officer, event.at,
      array(select c.id from clock c where c.num = event.num and c.stopped_at is null order by c.id));
    perform clock_stop(event.num, null, event.at);
  else
    update dispute_merge m set undone_at = event.at where m.dispute = event.num and m.undone_at is null returning m.clocks into stopped;
    perform clock_again(id) from unnest(stopped) id;
  end if;
  -- The other one hears of it in an event of its own.
  perform record_react(into_num, 'absorb_dispute', jsonb_build_object(case event.kind when 'merge_dispute' then 'absorbed' else 'released' end,
    case when (before ->> 'sensitivity')::int2 > (select d.sensitivity from dispute d where d.num = into_num) then masked('', false) else event.no end),
    event.at, record_derived(event.request_id, 2), event.note);
  perform clock_alert_again(w.id, record_derived(event.request_id, 10 + w.n::int4), event.at) from unnest(stopped) with ordinality w(id, n);
end $$;
grant execute on function merge_follow(jsonb, jsonb, feed) to liandong_app;
