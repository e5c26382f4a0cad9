-- Working days (工作日): Monday to Friday, but for what calendar_day says.

create or replace function working_day(of_day date) returns bool stable parallel safe language sql as $$
  select coalesce((select c.working from calendar_day c where c.day = of_day), extract(isodow from of_day) < 6)
$$;

-- The last moment of the nth working day after a moment; the day itself does not count. 0: of that day, or of the first one worked after it.
create or replace function working_end(moment timestamptz, days int4) returns timestamptz stable language sql as $$
  select (w.day + 1)::timestamp at time zone 'Asia/Shanghai' - interval '1 millisecond'
  from (select g.day::date, row_number() over (order by g.day) as n
        from generate_series((moment at time zone 'Asia/Shanghai')::date + (days > 0)::int4, (moment at time zone 'Asia/Shanghai')::date + days * 3 + 30, interval '1 day') g(day)
        where working_day(g.day::date)) w
  where w.n = greatest(days, 1)
$$;

-- How many working days there are after the day of one moment, up to that of another.
create or replace function working_between(moment timestamptz, until timestamptz) returns int4 stable language sql as $$
  select count(*)::int4 from generate_series((moment at time zone 'Asia/Shanghai')::date + 1, (until at time zone 'Asia/Shanghai')::date, interval '1 day') g(day)
  where working_day(g.day::date)
$$;

-- The years of a stretch of time of which the calendar holds nothing.
create or replace function calendar_lacks(moment timestamptz, until timestamptz) returns int4[] stable language sql as $$
  select array_agg(y order by y)
  from generate_series(extract(year from moment at time zone 'Asia/Shanghai')::int4, extract(year from until at time zone 'Asia/Shanghai')::int4) y
  where not exists (select from calendar_day c where c.day between make_date(y, 1, 1) and make_date(y, 12, 31))
$$;

-- Lines of "day,班|休,name" -> days, as spreadsheets write them. line: the first that is none, counted from 0; NULL: all are.
create or replace function calendar_read(lines text, out days calendar_day[], out line int4) immutable language plpgsql as $$
declare
  text_of text;
  cells text[];
  d calendar_day;
  n int4 := -1;
begin
  days := '{}';
  foreach text_of in array regexp_split_to_array(translate(coalesce(lines, ''), E'，\r\ufeff', ','), E'\n') loop
    n := n + 1;
    continue when btrim(text_of) = '' or text_of like '#%' or n = 0 and text_of ~* '^\s*(day|日期)\s*,';
    cells := array(select btrim(c) from unnest(string_to_array(text_of, ',')) c);
    begin
      cells[1] := rtrim(translate(cells[1], '/.年月', '----'), '日');
      d.day := case when cells[1] ~ '^\d{4}-\d{1,2}-\d{1,2}$' then cells[1]::date end;
    exception when others then
      d.day := null;
    end;
    d.working := case when lower(cells[2]) in ('班', '上班', '是', '1', 'true', 'yes') then true when lower(cells[2]) in ('休', '放假', '否', '0', 'false', 'no') then false end;
    d.name := nullif(left(cells[3], 64), '');
    if d.day is null or d.working is null then
      line := n;
      return;
    end if;
    days := days || d;
  end loop;
end $$;

create or replace function calendar_text(d calendar_day) returns text immutable language sql as $$
  select concat_ws(' ', d.day::text, case d.working when true then '班' when false then '休' end, d.name)
$$;

create or replace function import_calendar(request uuid, sent bytea, lines text) returns directory_receipt
  security definer set search_path = liandong, pg_catalog, pg_temp language plpgsql as $$
declare
  done directory_receipt := directory_past(request, sent, 'import_calendar');
  read record;
  old text;
  fresh text;
  years text;
begin
  if done.outcome is not null then
    return done;
  end if;
  select * into read from calendar_read(lines);
  if read.line is not null then
    return directory_refusal('BAD_CALENDAR', format('days[%s]', read.line));
  elsif cardinality(read.days) = 0 then
    return directory_refusal('REQUIRED', 'days');
  end if;
  select string_agg(calendar_text(n), '; ' order by n.day), string_agg(calendar_text(o), '; ' order by n.day), string_agg(distinct extract(year from n.day)::text, ',')
    into fresh, old, years
  from unnest(read.days) n left join calendar_day o on o.day = n.day where (o.working, o.name) is distinct from (n.working, n.name);
  if fresh is null then
    return row('replay', null, null, (read.days[1]).day::text, 1, date_trunc('milliseconds', clock_timestamp()), true)::directory_receipt;
  end if;
  insert into calendar_day select distinct on (n.day) n.day, n.working, n.name from unnest(read.days) with ordinality as n(day, working, name, k) order by n.day, n.k desc
  on conflict (day) do update set working = excluded.working, name = excluded.name;
  perform clock_calendar_changed();
  return directory_event(request, sent, 'import_calendar', md5('calendar')::uuid, years, 1, jsonb_build_object('days', old), jsonb_build_object('days', fresh), null);
end $$;

grant execute on function import_calendar(uuid, bytea, text) to liandong_app;
