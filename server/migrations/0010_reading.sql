-- Reading that needs more than one statement of SQL.

-- Checks the chain over the whole feed. The caller may see little of it and learns only whether it is whole.
create function feed_verify(out intact bool, out checked int8, out first_broken text, out head bytea, out at timestamptz)
  stable language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  h feed_head;
  event feed;
  said bytea;
  previous bytea := sha256('liandong feed');
begin
  select * into strict h from feed_head;
  head := h.hash;
  at := date_trunc('milliseconds', clock_timestamp());
  checked := 0;
  for event in select * from feed f order by f.seq loop
    if event.seq <> checked + 1 then
      exit;
    end if;
    said := event.hash;
    event.hash := null;
    previous := feed_hash(previous, event);
    if previous <> said then
      first_broken := format('#%s CHANGED', event.seq);
      exit;
    end if;
    checked := checked + 1;
  end loop;
  if first_broken is null and (checked < h.seq or exists (select from feed f where f.seq > checked)) then
    first_broken := format('#%s MISSING', checked + 1);
  elsif first_broken is null and (checked <> h.seq or previous <> h.hash) then
    first_broken := format('#%s HEAD', checked);
  end if;
  intact := first_broken is null;
end $$;

-- Events up to the newest one older than keep_ms are no longer replayed. They stay: the feed is the history of the records.
create function feed_keep(keep_ms int8) returns int8 language plpgsql as $$
declare
  upto int8 := feed_before(clock_timestamp() - keep_ms * interval '1 millisecond');
begin
  update feed_head set floor = upto where floor < upto;
  return (select h.floor from feed_head h);
end $$;

-- Search: keys of what the caller sees whose text holds every word of `wanted`, newest received first, after a page's end.
-- A frequent word is found by reading back from the newest; a rare one by the index of character pairs.
create function incident_search_page(wanted text, from_at timestamptz, until_at timestamptz, after_at timestamptz, after_num int8, most int4)
  returns table(num int8, received_at timestamptz) stable rows 50 language plpgsql as $$
#variable_conflict use_column
declare
  terms text[] := (select array_agg(w) from unnest(regexp_split_to_array(btrim(search_text(wanted)), '\s+')) w where char_length(w) >= 2);
  seen int4[] := caller_sees();
  mark int8 := (select h.done from search_head h);
begin
  if terms is null then
    return;
  end if;
  return query
  with hits as (
      select s.num, s.received_at from incident_search s
      where bigrams(s.words) @> (select array_agg(distinct b) from unnest(terms) w, unnest(bigrams(w)) b)
        and not exists (select from unnest(terms) w where strpos(s.words, w) = 0)
        and s.num <= mark and s.origin = any (seen)
        and s.received_at >= coalesce(from_at, '-infinity') and s.received_at < coalesce(until_at, 'infinity')
        and (s.received_at, s.num) < (after_at, after_num)
      union all
      select i.num, i.received_at from incident i
      where i.num > mark and i.origin = any (seen)
        and i.received_at >= coalesce(from_at, '-infinity') and i.received_at < coalesce(until_at, 'infinity')
        and (i.received_at, i.num) < (after_at, after_num)
        and not exists (select from unnest(terms) w where strpos(incident_words(i), w) = 0)
    )
  select h.num, h.received_at from hits h order by h.received_at desc, h.num desc limit most;
end $$;

grant execute on function feed_verify(), feed_keep(int8), incident_search_page(text, timestamptz, timestamptz, timestamptz, int8, int4) to liandong_app;
