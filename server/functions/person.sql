-- Parties of disputes, and whom they are taken to be.
--
-- A person is no row of its own but what several parties have in common: a number that they share. A new party is taken to be the person of
-- another one by the same ID number; else by name and telephone, or name and address, where no two ID numbers speak against it. Only parties
-- that the caller sees are compared, and by blind indexes: this database reads no name.
--
-- Who sees names and numbers (S2; of victims of what is marked S3): of the dispute's own office, of the one that leads it, and of the one that
-- entered the party, who may see that level there. Anybody else whose level is enough says what for: party_reveal. In events stands which party and which fields, never a value.

create or replace function person_no(person int8) returns text immutable parallel safe language sql as $$
  select 'RY-' || lpad(person::text, greatest(length(person::text), 6), '0')
$$;

create or replace function party_shown(d dispute, p party) returns bool stable language plpgsql as $$
declare
  level int2 := party_level(d, p);
begin
  return coalesce(d.origin = caller_office() and record_marks(d.num, d.origin, level, d.area) && rights_beyond()
    or caller_office() in (d.lead_office, p.origin) and (right_most(caller_role(), 'OWN') >= level or d.num = any (records_opened(level))), false);
end $$;
create or replace function party_known(d dispute, p party) returns bool stable language plpgsql as $$
begin
  return party_shown(d, p) or coalesce(record_marks(d.num, d.origin, party_level(d, p), d.area) && rights_beyond(), false);
end $$;
-- Who is the victim of what is marked is of a level of its own (dispute_mark.victims).
create or replace function party_level(d dispute, p party) returns int2 stable language sql as $$
  select greatest(d.sensitivity, 2::int2, case p.role when 3 then (dispute_mark_of(d.subtype)).victims end)
$$;

-- Of the parties that the caller sees the one that these values fit best; reasons: enum MatchReason. No row: none is like it.
create or replace function person_matches(name bytea, phone bytea, id_no bytea, domicile bytea, but_dispute int8, but_seq int4)
  returns table(person int8, dispute int8, seq int4, score int4, reasons int2[]) stable language sql as $$
  select distinct on (m.score, m.person, m.reasons) m.person, m.dispute, m.seq, m.score, m.reasons from (
    select p.person, p.dispute, p.seq, array_remove(array[case when p.id_index = $3 then 1 end, case when p.name_index = $1 then 2 end,
        case when p.phone_index = $2 then 3 end, case when p.domicile_index = $4 then 4 end], null)::int2[] as reasons,
      case when p.id_index <> $3 then 0 else case when p.id_index = $3 then 100 else 0 end + case when p.name_index = $1 then 10 else 0 end
        + case when p.phone_index = $2 then 30 else 0 end + case when p.domicile_index = $4 then 20 else 0 end end as score
    from party p
    where (p.id_index = $3 or p.phone_index = $2 or p.name_index = $1 or p.domicile_index = $4) and (p.dispute, p.seq) is distinct from ($5, $6)) m
  where m.score > 0
  order by m.score desc, m.person, m.reasons, m.dispute desc, m.seq
$$;
-- Which of them is certain enough to be taken for the same: an ID number, or a name with a telephone or an address.
create or replace function person_taken(name bytea, phone bytea, id_no bytea, domicile bytea, but_dispute int8, but_seq int4) returns int8 stable language sql as $$
  select m.person from person_matches($1, $2, $3, $4, $5, $6) m
  where 1 = any (m.reasons) or 2 = any (m.reasons) and m.score >= 30
    and not exists (select from party p where p.person = m.person and p.id_index <> $3)
  order by m.score desc, m.person limit 1
$$;

create or replace function party_count(of_dispute int8) returns int8 stable language sql as $$
  select count(*) from party p where p.dispute = any (dispute_family(of_dispute)) and p.removed_at is null
$$;

create or replace function party_prepare(wanted text, before jsonb, given jsonb, out patch jsonb, out field text, out reason text) language plpgsql as $$
declare
  of_dispute int8 := before ->> 'num';
  old party;
  now party;
  fields text[] := '{role,name,phone,id_no,gender,birth_year,domicile}';
begin
  patch := given;
  if wanted = 'add_party' and party_count(of_dispute) >= record_most('party') then
    field := 'dispute'; reason := 'LIMIT_REACHED';
    return;
  end if;
  if wanted <> 'add_party' then
    select * into old from party p where p.dispute = of_dispute and p.seq = (given ->> 'party')::int4 and p.removed_at is null;
    if old.seq is null then
      field := 'party'; reason := case when given ? 'party' then 'NO_SUCH_PARTY' else 'REQUIRED' end;
      return;
    elsif wanted = 'remove_party' then
      patch := given || jsonb_build_object('party_role', old.role);
      return;
    end if;
  end if;
  now := jsonb_populate_record(old, given);
  if now.phone is null then  -- what is emptied says nothing of who it is
    now.phone_index := null;
  end if;
  if now.id_no is null then
    now.id_index := null;
  end if;
  if now.domicile is null then
    now.domicile_index := null;
  end if;
  now.seq := coalesce(old.seq, (select coalesce(max(p.seq), 0) + 1 from party p where p.dispute = of_dispute));
  field := case when coalesce(now.role, 0) = 0 then 'role' when coalesce(btrim(now.name), '') = '' then 'name' end;
  reason := case when field is not null then 'REQUIRED' end;
  if reason is null and exists (select from party p where p.dispute = of_dispute and p.id_index = now.id_index and p.role = now.role and p.removed_at is null and p.seq <> now.seq) then
    field := 'id_no'; reason := 'NO_CHANGE';
  end if;
  if wanted = 'correct_party' then
    fields := array(select f from unnest(fields) f where given ? f and sealed_mark('name', to_jsonb(old) ->> f) is distinct from sealed_mark('name', to_jsonb(now) ->> f));
    if fields = '{}' and reason is null then
      field := 'party'; reason := 'NO_CHANGE';
    end if;
  else
    fields := array(select f from unnest(fields) f where given ? f);
  end if;
  now.person := person_taken(now.name_index, now.phone_index, now.id_index, now.domicile_index, of_dispute, now.seq);
  if now.person is null and old.person is not null and not exists (select from party p where p.person = old.person and p.id_index <> now.id_index
      and (p.dispute, p.seq) <> (of_dispute, now.seq)) then
    now.person := old.person;
  end if;
  patch := given || jsonb_build_object('party', now.seq, 'party_role', now.role, 'party_fields', array_to_string(fields, ','), 'of_person', now.person);
end $$;

create or replace function party_follow(given jsonb, event feed) returns void language plpgsql security definer
  set search_path = liandong, pg_catalog, pg_temp as $$
declare
  now party;
begin
  if event.kind = 'remove_party' then
    update party p set removed_by = event.officer, removed_at = event.at, removed_why = event.note where p.dispute = event.num and p.seq = (given ->> 'party')::int4;
    return;
  end if;
  select * into now from party p where p.dispute = event.num and p.seq = (given ->> 'party')::int4;
  now := jsonb_populate_record(now, given - 'role' || jsonb_build_object('role', given -> 'party_role'));
  now.person := coalesce((given ->> 'of_person')::int8, nextval('person_number'));
  if event.kind = 'add_party' then
    now.dispute := event.num; now.seq := (given ->> 'party')::int4; now.origin := event.actor; now.entered_by := event.officer; now.entered_at := event.at;
    insert into party select now.*;
  else
    update party p set (role, name, name_index, phone, phone_index, id_no, id_index, gender, birth_year, domicile, domicile_index, person)
      = (now.role, now.name, now.name_index, case when now.phone <> '' then now.phone end, case when now.phone <> '' then now.phone_index end,
         case when now.id_no <> '' then now.id_no end, case when now.id_no <> '' then now.id_index end, now.gender, now.birth_year,
         case when now.domicile <> '' then now.domicile end, case when now.domicile <> '' then now.domicile_index end, now.person)
    where p.dispute = event.num and p.seq = now.seq;
  end if;
end $$;

-- As the protocol's message Party tells it. id is the dispute's, for which its texts are sealed.
create or replace function party_record(d dispute, p party, shown bool)
  returns table(id uuid, dispute text, party int4, role int2, name text, phone text, id_no text, gender int2, birth_year int4, domicile text, person text,
    origin_office text, origin_office_name text, entered_by text, entered_at timestamptz)
  stable language sql as $$
  select d.id, record_no(d.num), p.seq, p.role, masked(p.name, shown), masked(p.phone, shown), masked(p.id_no, shown), p.gender, p.birth_year, masked(p.domicile, shown),
    person_no(p.person), o.code, o.name, p.entered_by, p.entered_at
  from office o where o.id = p.origin
$$;
-- Which sealed fields a party has: for the audit.
create or replace function party_identity(p party) returns text[] immutable language sql as $$
  select array_remove(array['name', case when p.phone is not null then 'phone' end, case when p.id_no is not null then 'id_no' end, case when p.domicile is not null then 'domicile' end], null)
$$;

-- Telling the parties to who does not see them with the record, as incident_reveal. The pen is held.
create or replace function party_reveal(named text, of_seq int4, for_purpose text, for_case text, out num int8, out reason text) language plpgsql as $$
declare
  d dispute;
  purpose audit_purpose := purpose_named(for_purpose);
  turn record;
  after jsonb;
  event feed;
  entry audit;
  fields text[];
begin
  select f.num, f.reason into num, reason from record_find(named, 2::int2) f;
  if reason is null then
    select * into strict d from dispute x where x.num = party_reveal.num;
    select array_agg(distinct f) into fields from party p cross join lateral unnest(party_identity(p)) f
    where p.dispute = d.num and p.removed_at is null and (of_seq is null or p.seq = of_seq) and party_known(d, p);
    reason := case
      when not exists (select from party p where p.dispute = d.num and p.removed_at is null and (of_seq is null or p.seq = of_seq)) then 'NO_SUCH_PARTY party'
      when fields is null then 'ROLE_NOT_ALLOWED'
      when coalesce(btrim(for_purpose), '') = '' then 'REQUIRED purpose'
      when purpose.code is null then 'UNKNOWN_VALUE purpose'
      when coalesce(btrim(for_case), '') = '' then 'REQUIRED case_no' end;
    if reason is null and reveal_is_much() and not approval_take('reveal_party', d.id, record_no(d.num), purpose.name || ' ' || for_case) then
      reason := 'APPROVAL_NEEDED';
    end if;
  end if;
  if reason is not null then
    perform audit_denied('reveal_party', named, reason);
    return;
  end if;
  turn := feed_begin();
  after := to_jsonb(d) || jsonb_build_object('version', d.version + 1, 'events', d.events || turn.seq + 1);
  event := record_event(after, 'reveal_party', turn.moment, gen_random_uuid(), '', null);  -- a read: it has no request_id of its own
  event.changed := array['purpose', 'case_no']; event.old_values := array[null, null]::text[]; event.new_values := array[purpose.name, for_case];
  perform record_store(after, event);
  entry.kind := 'reveal_party'; entry.request := 'reveal_party'; entry.record := d.id; entry.no := event.no; entry.level := greatest(d.sensitivity, 2);
  entry.purpose := purpose.code; entry.case_no := for_case; entry.fields := fields;
  perform audit_append(entry);
end $$;

-- RY-000012, or 12; NULL: the caller sees no party of that number.
create or replace function person_find(named text) returns int8 stable language plpgsql as $$
declare
  ref text := substring(upper(normalize(btrim(named), NFKC)) from '^(?:RY-)?0*([1-9][0-9]{0,17})$');
begin
  return (select p.person from party p where p.person = ref::int8 limit 1);
end $$;
create or replace function person_is_merged(n int8) returns bool stable language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  return exists (select from person_merge m where m.person = n and m.undone_at is null);
end $$;

-- Joins a person's parties, of those the ones that the caller sees, to another's; or takes that back. Each dispute that a party moves in hears of it.
create or replace function person_merge(request uuid, sent bytea, named text, into_named text, why text, out outcome text, out reason text, out field text,
    out no text, out at timestamptz, out replay bool) language plpgsql as $$
declare
  past feed := feed_past(request);
  joining bool := into_named is not null;
  wanted text := case when joining then 'merge_person' else 'unmerge_person' end;
  one int8;
  other int8;
  undone person_merge;
  turn record;
  moved record;
  n int4 := 0;
begin
  outcome := 'refused';
  if past.seq is not null then
    if past.kind = wanted and past.actor = caller_office() and same_act(past.act, sent) then
      outcome := 'replay'; replay := true; no := past.new_values[1]; at := past.at;
    else
      reason := 'KEY_REUSED'; field := 'request_id';
    end if;
    return;
  end if;
  turn := feed_begin();
  if joining then
    one := person_find(named);
    other := person_find(into_named);
  else
    select m.* into undone from person_merge m
    where m.person = substring(upper(normalize(btrim(named), NFKC)) from '^(?:RY-)?0*([1-9][0-9]{0,17})$')::int8 and m.undone_at is null;
    one := undone.person;
    other := undone.into_person;
  end if;
  select f.field, f.reason into field, reason from (values
    (coalesce(btrim(named), '') = '', 'person', 'REQUIRED'),
    (joining and coalesce(btrim(into_named), '') = '', 'into', 'REQUIRED'),
    (coalesce(btrim(why), '') = '', 'reason', 'REASON_REQUIRED'),
    (joining and person_is_merged(substring(upper(btrim(named)) from '^(?:RY-)?0*([1-9][0-9]{0,17})$')::int8), 'person', 'MERGED_ALREADY'),
    (joining and person_is_merged(substring(upper(btrim(into_named)) from '^(?:RY-)?0*([1-9][0-9]{0,17})$')::int8), 'into', 'MERGED_ALREADY'),
    (one is null, 'person', 'NO_SUCH_PERSON'),
    (joining and other is null, 'into', 'NO_SUCH_PERSON'),
    (one = other, 'into', 'NO_CHANGE'),
    (not joining and person_is_merged(other), 'person', 'MERGED_ALREADY'),
    (not exists (select from party p join dispute d on d.num = p.dispute where p.person = case when joining then one else other end and party_known(d, p)), 'person', 'ROLE_NOT_ALLOWED'),
    (not exists (select from party p join dispute d on d.num = p.dispute where p.person = case when joining then one else other end and not given_to_read(d.num, d.origin, d.area, d.id)), 'person', 'NOT_YOURS'))
    as f(broken, field, reason)
  where f.broken limit 1;
  if reason is not null then
    perform audit_denied(wanted, null, reason);
    return;
  end if;
  no := person_no(one) || case when joining then ' → ' else ' ← ' end || person_no(other);
  for moved in
    select p.dispute, array_agg(p.seq) as seqs from party p join dispute d on d.num = p.dispute
    where joining and p.person = one and not given_to_read(d.num, d.origin, d.area, d.id)
    group by p.dispute
    union all select m.dispute, m.seqs from person_merged(undone.id) m where not joining
    order by dispute
  loop
    n := n + 1;
    perform person_move(request, sent, wanted, moved.dispute, moved.seqs, one, other, undone.id, no, why, turn.moment, n);
  end loop;
  if not joining then
    perform person_part(undone.id, why, turn.moment);
  end if;
  outcome := 'done'; replay := false; at := turn.moment;
end $$;

-- The parties that a merge moved and that are where it put them, also those that the caller no longer sees: all go back, or some never could.
create or replace function person_merged(of_merge int8) returns table(dispute int8, seqs int4[]) stable language sql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
  select p.dispute, array_agg(p.seq) from person_merge x join person_merge_party m on m.merge = x.id join party p on p.dispute = m.dispute and p.seq = m.seq
  where x.id = of_merge and p.person = x.into_person
  group by p.dispute
$$;
-- One dispute's part of it, as the owner, who alone writes these rows. merge NULL: the first of a new one makes it.
create or replace function person_move(request uuid, sent bytea, wanted text, of_dispute int8, seqs int4[], one int8, other int8, of_merge int8, no text, why text,
    moment timestamptz, n int4) returns void language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  before jsonb := record_whole(of_dispute);
begin
  if of_merge is null then
    of_merge := (select m.id from person_merge m where m.person = one and m.undone_at is null);
    if of_merge is null then
      insert into person_merge(person, into_person, office, made_by, made_at, reason) values (one, other, caller_office(), caller_officer(), moment, why)
      returning id into of_merge;
    end if;
    insert into person_merge_party(merge, dispute, seq) select of_merge, of_dispute, s from unnest(seqs) s;
    update party p set person = other where p.dispute = of_dispute and p.seq = any (seqs);
  else
    update party p set person = one where p.dispute = of_dispute and p.seq = any (seqs);
  end if;
  perform record_made(2::int2, wanted, before, before, moment, case n when 1 then request else record_derived(request, n) end, case n when 1 then sent end, why,
    jsonb_build_object('person', no));
end $$;
create or replace function person_part(of_merge int8, why text, moment timestamptz) returns void language plpgsql security definer
  set search_path = liandong, pg_catalog, pg_temp as $$
begin
  update person_merge m set undone_by = caller_officer(), undone_at = moment, undone_why = why where m.id = of_merge;
end $$;
grant execute on function party_follow(jsonb, feed), person_is_merged(int8), person_merged(int8), person_part(int8, text, timestamptz),
  person_move(uuid, bytea, text, int8, int4[], int8, int8, int8, text, text, timestamptz, int4) to liandong_app;
