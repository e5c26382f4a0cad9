-- What stands in the clear in this database, by decision 2026-11: coordinates, content, result, notes, and whatever numbers, names or
-- addresses somebody writes within them. Search needs their words. They are kept from readers (numbers_hidden, server/feed/mask.h), not from
-- who holds a dump. Rows of the feed from before 0016_sealed hold reporter and phone, those from before 0024_places the place in the
-- clear in act, old_values, new_values and title for good: they are hash-chained. In an event from such a row the number is hidden as any
-- number is, the name is not.
-- Sealed text as this database sees it: tokens ~1.<key: 8>.<mark: 22>.<ciphertext>, see common/seal.h. They are compared here, and
-- never read.

create or replace function sealed(value text) returns bool immutable parallel safe language sql as $$
  select value ~ '^~1\.[0-9a-f]{8}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43,}$'
$$;

-- The fields whose values are tokens; server/call/sealing.c has the same table.
create or replace function sealed_field(field text) returns bool immutable parallel safe language sql as $$
  select field in ('reporter', 'reporter_phone', 'place')
$$;

-- Of those the ones that not everybody reads who sees the record.
create or replace function identity_field(field text) returns bool immutable parallel safe language sql as $$
  select field in ('reporter', 'reporter_phone')
$$;

-- What a value of a field is compared by: of a token the mark, which is the same for the same text at the same place whatever the
-- key. Other fields' text counts as it is, also where somebody typed something like a token.
create or replace function sealed_mark(field text, value text) returns text immutable parallel safe language sql as $$
  select case when sealed_field(field) and sealed(value) then substr(value, 13, 22) else value end
$$;

-- Whether two acts are the same request sent twice: byte for byte, or but for the key that sealed them, where it was changed in
-- between. A token's length does not depend on its key.
create or replace function same_act(one bytea, other bytea) returns bool immutable parallel safe language plpgsql as $$
begin
  if one = other then
    return true;
  elsif length(one) <> length(other) then
    return false;
  end if;
  return regexp_replace(encode(one, 'escape'), '~1\.[0-9a-f]{8}\.([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43,}', '~\1', 'g')
       = regexp_replace(encode(other, 'escape'), '~1\.[0-9a-f]{8}\.([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43,}', '~\1', 'g');
end $$;

-- The pairs of characters that a sealed text is found by: as the server sends them, and as they are compared. See sealing_marks in
-- server/call/sealing.h.
create or replace function sealed_pairs(packed bytea) returns int4[] immutable strict parallel safe language sql as $$
  select coalesce(array_agg(('x' || encode(substr(packed, n, 4), 'hex'))::bit(32)::int4), '{}') from generate_series(1, length(packed), 4) n
$$;

-- Of a text that is searched for: the pairs of each word, in their order.
create or replace function sealed_words(packed bytea) returns table(n int4, pairs int4[]) immutable strict parallel safe language plpgsql as $$
declare
  at int4 := 1;
  size int4;
begin
  n := 0;
  while at < length(packed) loop
    size := 4 * ('x' || encode(substr(packed, at, 4), 'hex'))::bit(32)::int4;
    n := n + 1;
    pairs := sealed_pairs(substr(packed, at + 4, size));
    at := at + 4 + size;
    return next;
  end loop;
end $$;

-- Numbers and places of before that have no blind index yet, newest first, and giving them theirs: for nobody's eyes, as the owner. What was
-- corrected meanwhile has its own; what is sealed already can't be read here, and is left alone.
drop function if exists sealing_behind(int4), sealing_catch_up(int8[], bytea[]);
create or replace function sealing_behind(most int4) returns table(num int8, phone text, place text) stable language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select b.num, case when i.phone_index is null and not sealed(i.reporter_phone) then i.reporter_phone end,
    case when i.place_index is null and not sealed(i.place) then i.place::text end
  from (select num from ((select num from incident where phone_index is null and reporter_phone is not null and not sealed(reporter_phone) order by num desc limit most)
      union (select num from incident where place_index is null and place is not null and not sealed(place) order by num desc limit most)) u order by num desc limit most) b
    join incident i using (num) order by b.num desc;
end $$;

create or replace function sealing_catch_up(nums int8[], phones bytea[], places bytea[]) returns int4 language plpgsql
  security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  n int4;
begin
  update incident i set phone_index = case when sealed(i.reporter_phone) then i.phone_index else coalesce(i.phone_index, u.phone) end,
    place_index = case when sealed(i.place) then i.place_index else coalesce(i.place_index, u.place) end
  from unnest(nums, phones, places) as u(num, phone, place) where i.num = u.num;
  get diagnostics n = row_count;
  return n;
end $$;

grant execute on function sealing_behind(int4), sealing_catch_up(int8[], bytea[], bytea[]), sealed(text), sealed_field(text), identity_field(text),
  sealed_mark(text, text), same_act(bytea, bytea), sealed_pairs(bytea), sealed_words(bytea) to liandong_app;
