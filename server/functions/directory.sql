-- What of the directory is worked out rather than entered.
create or replace function today() returns date stable parallel safe language sql as $$
  select (now() at time zone 'Asia/Shanghai')::date
$$;

-- The one place that decides who sees what an office enters: itself, those it is paired with today, and the bureaus above all of them.
create or replace function audience_of(entering int4) returns int4[] stable language sql as $$
  with recursive seen(id) as (
      select entering
      union
      select case when p.station = entering then p.judicial else p.station end
      from pairing p
      where entering in (p.station, p.judicial) and p.station_agreed and p.judicial_agreed and p.started_on <= today() and (p.ended_on is null or p.ended_on > today())
    ), above(id, parent) as (
      select o.id, o.parent from office o join seen using (id)
      union
      select o.id, o.parent from office o join above a on o.id = a.parent and o.kind = 'bureau'
    )
  select array_agg(id order by id) from above
$$;

create or replace function directory_work_out() returns void language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  update office o set audience = a.ids from (select id, audience_of(id) as ids from office) a
  where a.id = o.id and o.audience is distinct from a.ids;
  update office o set sees = s.ids
  from (select reader.id, coalesce(array_agg(e.id order by e.id) filter (where e.id is not null), '{}') as ids
        from office reader left join office e on reader.id = any (e.audience) group by reader.id) s
  where s.id = o.id and o.sees is distinct from s.ids;
  perform rights_work_out();
  perform logins_lapse();
  update directory_head set version = version + 1, worked_on = today();
end $$;

-- Pairings, assignments and offices begin and end with a day. Each node looks once a second whether one has begun, whoever writes or not;
-- the first does the work, under the pen as every change.
create or replace function directory_day() returns bool language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
begin
  if (select h.worked_on >= today() from directory_head h) then
    return false;
  end if;
  perform from feed_head for update;
  if (select h.worked_on >= today() from directory_head h) then
    return false;
  end if;
  perform directory_work_out();
  return true;
end $$;

create or replace function directory_changed() returns trigger language plpgsql as $$
begin
  if tg_table_name = 'device' then
    update directory_head set version = version + 1;
  else
    perform directory_work_out();
  end if;
  return null;
end $$;

grant execute on function today(), audience_of(int4), directory_work_out(), directory_day() to liandong_app;
