-- How much of something one record holds today; NULL: as much as there is.
create or replace function record_most(of_what text) returns int4 stable language plpgsql as $$
begin
  return (select l.most from record_limit l where l.what = of_what and l.started_on <= today() and (l.ended_on is null or l.ended_on > today())
    order by l.started_on desc limit 1);
end $$;

-- Whether a record has so many events that it takes none but those that bring it further: each change reads and writes the list of them all.
create or replace function record_long(wanted text, events int4) returns bool stable language plpgsql as $$
begin
  return wanted ~ '^(note|correct|link|add)_' and coalesce(events >= record_most('event'), false);
end $$;
