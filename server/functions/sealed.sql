-- What stands in the clear in this database, by decision 2026-11: place, coordinates, content, result, notes, titles, and whatever numbers,
-- names or addresses somebody writes within them. Search needs their words; a repeated report is found by its place. They are kept from
-- readers (numbers_hidden, server/feed/mask.h), not from who holds a dump. Rows of the feed from before 0016_sealed hold reporter and
-- phone in the clear in act, old_values and new_values for good: they are hash-chained. In an event from such a row the
-- number is hidden as any number is, the name is not.
-- Sealed text as this database sees it: tokens ~1.<key: 8>.<mark: 22>.<ciphertext>, see common/seal.h. They are compared here, and
-- never read.

create or replace function sealed(value text) returns bool immutable parallel safe language sql as $$
  select value ~ '^~1\.[0-9a-f]{8}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43,}$'
$$;

-- The fields whose values are tokens; server/call/sealing.c has the same table.
create or replace function sealed_field(field text) returns bool immutable parallel safe language sql as $$
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

-- Telephone numbers of before that have no blind index yet, newest first, and giving them theirs: for nobody's eyes, as the owner. A number
-- that was corrected meanwhile has its own.
create or replace function sealing_behind(most int4) returns table(num int8, phone text) stable language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  return query select num, reporter_phone::text from incident where phone_index is null and reporter_phone is not null order by num desc limit most;
end $$;

create or replace function sealing_catch_up(nums int8[], indexes bytea[]) returns int4 language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  n int4;
begin
  update incident i set phone_index = u.index from unnest(nums, indexes) as u(num, index)
  where i.num = u.num and i.phone_index is null and i.reporter_phone is not null and not sealed(i.reporter_phone);
  get diagnostics n = row_count;
  return n;
end $$;

grant execute on function sealing_behind(int4), sealing_catch_up(int8[], bytea[]), sealed(text), sealed_field(text), sealed_mark(text, text), same_act(bytea, bytea) to liandong_app;
