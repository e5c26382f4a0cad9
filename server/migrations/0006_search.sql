-- Search that finds two-character Chinese words by index. Debian's PostgreSQL has no Chinese parser and pg_trgm needs three
-- characters, so the index holds every pair of neighbouring characters.
--
-- It is filled behind the reports, not by them: indexing one record costs more than everything else a report does. Records with
-- num <= search_head.done are in incident_search; the few newer ones are read one by one by each search, so that a search is
-- never behind.

-- One spelling: small letters, full-width forms made half-width. By the database's own rules, whichever column the text comes from:
-- those that are compared byte by byte know no capitals but the 26, and what is searched for comes from no column.
create function search_text(t text) returns text immutable strict parallel safe language sql as $$
  select lower(normalize(t, NFKC) collate "default")
$$;

-- The pairs of neighbouring characters of one spelling, blanks excepted; some more than once (the index keeps each once). Two rare
-- pairs may share a number, so the text is compared too.
create function bigrams(t text) returns int4[] immutable strict parallel safe language plpgsql as $$
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

create table incident_search(
  num int8 primary key,
  origin int4 not null,
  received_at timestamptz not null,
  words text not null);
create index incident_search_bigrams on incident_search using gin(bigrams(words));

create table search_head(
  one bool primary key default true check (one),
  done int8 not null) with (fillfactor = 10);
insert into search_head values (true, 0);
grant select, insert, update on incident_search to liandong_app;
grant select, update on search_head to liandong_app;

create function incident_words(i incident) returns text stable parallel safe language sql as $$
  select search_text(concat_ws(' ', i.external_no, i.place, i.reporter, i.reporter_phone, i.content, i.dispatched_to, i.result))
$$;

-- Indexes up to `most` further records; says how many. One process at a time: the others get 0.
create function search_catch_up(most int4) returns int4 language plpgsql as $$
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
      insert into incident_search(num, origin, received_at, words)
      select b.num, b.origin, b.received_at, incident_words(b::incident) from batch b returning num
    )
  select count(*), max(num) into n, last from added;
  if n > 0 then
    update search_head set done = last;
  end if;
  return n;
end $$;

-- A change of what can be searched for. Waits for search_catch_up only where that might just be reading the record.
create function search_refresh(i incident) returns void language plpgsql as $$
begin
  if i.num > (select h.done from search_head h) then
    perform pg_advisory_xact_lock(hashtext('liandong.search'));
  end if;
  update incident_search set words = incident_words(i) where num = i.num;
end $$;

grant execute on function search_text(text), bigrams(text), incident_words(incident), search_catch_up(int4), search_refresh(incident) to liandong_app;
