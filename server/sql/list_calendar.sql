-- What the calendar says of a year, or from this year on.
select d.day::text as day, d.working, d.name, lacks.years as without_calendar
from (select coalesce(:year::int4, extract(year from today())::int4) as first, coalesce(:year::int4, extract(year from today())::int4 + 1) as last) asked
  cross join lateral (select calendar_lacks(make_date(asked.first, 6, 1)::timestamptz, make_date(asked.last, 6, 1)::timestamptz) as years) lacks
  left join calendar_day d on extract(year from d.day) >= asked.first and (:year::int4 is null or extract(year from d.day) = asked.first)
order by d.day
