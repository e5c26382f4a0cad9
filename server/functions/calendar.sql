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
