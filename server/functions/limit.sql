-- How much of something one record holds today; NULL: as much as there is.
create or replace function record_most(of_what text) returns int4 stable language plpgsql as $$
begin
  return (select l.most from record_limit l where l.what = of_what and l.started_on <= today() and (l.ended_on is null or l.ended_on > today())
    order by l.started_on desc limit 1);
end $$;

-- Whether a record has so many events that it takes none but those that bring it further: each change reads and writes the list of them all.
-- One office alone doesn't fill it: what it has made of it is counted once the record has so many, and what is left is for the others.
drop function if exists record_long(text, int4);
create or replace function record_long(wanted text, of_num int8, events int4) returns bool stable language plpgsql as $$
declare
  of_office int4;
begin
  if wanted !~ '^(note|correct|link|add)_' then
    return false;
  end if;
  of_office := record_most('event_office');
  return coalesce(events >= record_most('event') or events >= of_office and of_office <=
    (select count(*) from any_record r cross join unnest(r.events) e(seq) join feed f on f.seq = e.seq where r.num = of_num and f.actor = caller_office()), false);
end $$;
