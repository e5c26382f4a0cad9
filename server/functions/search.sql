-- Search that finds two-character Chinese words by index. Why it is filled behind the reports stands in migrations/0006_search.sql.

-- One spelling: small letters, full-width forms made half-width. By the database's own rules, whichever column the text comes from:
-- those that are compared byte by byte know no capitals but the 26, and what is searched for comes from no column.
create or replace function search_text(t text) returns text immutable strict parallel safe language sql as $$
  select lower(normalize(t, NFKC) collate "default")
$$;

-- The pairs of neighbouring characters of one spelling, blanks excepted; some more than once (the index keeps each once). Two rare
-- pairs may share a number, so the text is compared too.
create or replace function bigrams(t text) returns int4[] immutable strict parallel safe language plpgsql as $$
declare
  characters text[] := string_to_array(t, null);
  pairs int4[] := '{}';
  n int4 := 0;
  before int4;
  code int4 := 32;
begin
  for i in 1 .. cardinality(characters) loop
    before := code;
    code := ascii(characters[i]);
    if before > 32 and code > 32 then
      n := n + 1;
      pairs[n] := (before & 32767) << 16 | (code & 65535);
    end if;
  end loop;
  return pairs;
end $$;

-- Sealed text is not among them. A telephone number is found by its blind index, a place by its sealed pairs; what is of before as before.
create or replace function incident_words(i incident) returns text stable parallel safe language sql as $$
  select search_text(concat_ws(' ', i.external_no, case when not sealed(i.place) then i.place end, case when not sealed(i.reporter) then i.reporter end,
    case when not sealed(i.reporter_phone) then i.reporter_phone end, i.content, i.dispatched_to, i.result))
$$;

-- Indexes up to `most` further records; says how many. One process at a time: the others get 0.
create or replace function search_catch_up(most int4) returns int4 language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  last int8;
  n int4;
begin
  if not pg_try_advisory_xact_lock(hashtext('liandong.search')) then
    return 0;
  end if;
  with batch as (
      select i.* from incident i where i.num > (select h.done from search_head h) order by i.num limit most
    ), added as (
      insert into incident_search(num, origin, received_at, words, sensitivity, place_pairs, area)
      select b.num, b.origin, b.received_at, incident_words(b::incident), b.sensitivity, sealed_pairs(b.place_pairs), b.area from batch b returning num
    )
  select count(*), max(num) into n, last from added;
  if n > 0 then
    update search_head set done = last;
  end if;
  return n;
end $$;

-- A change of what can be searched for, or by whom. Waits for search_catch_up only where that might just be reading the record.
create or replace function search_refresh(i incident) returns void language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  if i.num > (select h.done from search_head h) then
    perform pg_advisory_xact_lock(hashtext('liandong.search'));
  end if;
  update incident_search set words = incident_words(i), sensitivity = i.sensitivity, area = i.area, place_pairs = sealed_pairs(i.place_pairs) where num = i.num;
end $$;

-- What a text is searched for by, word by word: one found as it is written, or among the sealed pairs of a place. A word has two characters
-- or more. `packed`: what the server worked out of the same text; where it split it otherwise (rare blanks), places are not looked at.
create or replace function search_terms(wanted text, packed bytea) returns table(word text, pairs int4[]) immutable parallel safe language sql as $$
  with words as (select t.word, t.n from unnest(regexp_split_to_array(btrim(search_text(wanted)), '\s+')) with ordinality as t(word, n)),
    places as (select p.n, p.pairs from sealed_words(packed) p)
  select w.word, case when (select count(*) from places) = (select count(*) from words) then nullif(p.pairs, '{}') end
  from words w left join places p using (n) where char_length(w.word) >= 2
$$;

-- Search: keys of what the caller sees whose text or place holds every word of `wanted`, newest received first, after a page's end.
-- By the indexes of character pairs, whose plan depends on the words: planned anew each time, and never by reading the whole table.
-- As the owner and with a predicate of its own: see caller.sql.
-- `phone`, where what is wanted may be a telephone number: its blind index; the records that have that number are found too.
drop function if exists incident_search_page(text, timestamptz, timestamptz, timestamptz, int8, int4),
  incident_search_page(text, bytea, timestamptz, timestamptz, timestamptz, int8, int4);
create or replace function incident_search_page(wanted text, phone bytea, packed bytea, from_at timestamptz, until_at timestamptz, after_at timestamptz,
    after_num int8, most int4)
  returns table(num int8, received_at timestamptz) stable rows 50 language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp set plan_cache_mode = force_custom_plan set enable_seqscan = off as $$
#variable_conflict use_column
declare
  terms text[];   -- the longest first
  places text[];  -- by term: its pairs as the text of an array; NULL: not looked for in places
  all_words int4[];
  first_place int4[];
  work int4[] := origins_seen(1::int2);
  beyond int8[] := rights_beyond();
  mark int8 := (select h.done from search_head h);
begin
  select array_agg(t.word order by char_length(t.word) desc), array_agg(t.pairs::text order by char_length(t.word) desc) into terms, places
  from search_terms(wanted, packed) t;
  if terms is null and phone is null then
    return;
  end if;
  all_words := (select array_agg(distinct b) from unnest(terms) w, unnest(bigrams(w)) b);
  first_place := places[1];
  return query
  with hits as (
      -- all words in the text
      select s.num, s.received_at from incident_search s
      where bigrams(s.words) @> all_words
        and not exists (select from unnest(terms) w where strpos(s.words, w) = 0)
        and s.num <= mark and (s.sensitivity = 1 and s.origin = any (work) or record_marks(s.num, s.origin, s.sensitivity, s.area) && beyond)
        and s.received_at >= coalesce(from_at, '-infinity') and s.received_at < coalesce(until_at, 'infinity')
        and (s.received_at, s.num) < (after_at, after_num)
      union all  -- the first in the place, the others there or in the text
      select s.num, s.received_at from incident_search s
      where s.place_pairs @> first_place
        and exists (select from unnest(terms) w where strpos(s.words, w) = 0)
        and not exists (select from unnest(terms, places) as t(word, pairs) where strpos(s.words, t.word) = 0 and (s.place_pairs @> t.pairs::int4[]) is not true)
        and s.num <= mark and (s.sensitivity = 1 and s.origin = any (work) or record_marks(s.num, s.origin, s.sensitivity, s.area) && beyond)
        and s.received_at >= coalesce(from_at, '-infinity') and s.received_at < coalesce(until_at, 'infinity')
        and (s.received_at, s.num) < (after_at, after_num)
      union all  -- a later one in the place, the first not: each record by the first such
      select s.num, s.received_at
      from unnest(places[2:]) with ordinality as later(pairs, n) join incident_search s on s.place_pairs @> later.pairs::int4[]
      where not exists (select from unnest(places[:later.n]) as p(pairs) where s.place_pairs @> p.pairs::int4[])
        and exists (select from unnest(terms) w where strpos(s.words, w) = 0)
        and not exists (select from unnest(terms, places) as t(word, pairs) where strpos(s.words, t.word) = 0 and (s.place_pairs @> t.pairs::int4[]) is not true)
        and s.num <= mark and (s.sensitivity = 1 and s.origin = any (work) or record_marks(s.num, s.origin, s.sensitivity, s.area) && beyond)
        and s.received_at >= coalesce(from_at, '-infinity') and s.received_at < coalesce(until_at, 'infinity')
        and (s.received_at, s.num) < (after_at, after_num)
      union all  -- not in the index yet
      select i.num, i.received_at from incident i
      where i.num > mark and terms is not null and (i.sensitivity = 1 and i.origin = any (work) or record_marks(i.num, i.origin, i.sensitivity, i.area) && beyond)
        and i.received_at >= coalesce(from_at, '-infinity') and i.received_at < coalesce(until_at, 'infinity')
        and (i.received_at, i.num) < (after_at, after_num)
        and not exists (select from unnest(terms, places) as t(word, pairs)
          where strpos(incident_words(i), t.word) = 0 and (sealed_pairs(i.place_pairs) @> t.pairs::int4[]) is not true)
      union all  -- without those above
      select i.num, i.received_at from incident i
      where i.phone_index = phone and record_marks(i.num, i.origin, greatest(i.sensitivity, 2::int2), i.area) && beyond  -- who may see the number
        and (terms is null or exists (select from unnest(terms, places) as t(word, pairs)
          where strpos(incident_words(i), t.word) = 0 and (sealed_pairs(i.place_pairs) @> t.pairs::int4[]) is not true))
        and i.received_at >= coalesce(from_at, '-infinity') and i.received_at < coalesce(until_at, 'infinity')
        and (i.received_at, i.num) < (after_at, after_num)
    )
  select h.num, h.received_at from hits h order by h.received_at desc, h.num desc limit most;
end $$;

grant execute on function search_text(text), bigrams(text), incident_words(incident), search_catch_up(int4), search_refresh(incident), search_terms(text, bytea),
  incident_search_page(text, bytea, bytea, timestamptz, timestamptz, timestamptz, int8, int4) to liandong_app;
