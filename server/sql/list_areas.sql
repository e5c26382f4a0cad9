-- Every area has its code and name known by all, as offices have. One row for each office that it is assigned to, today or later; one
-- without any has a row all the same. A page holds so many areas, and ends with a code, after which the next begins.
with page as (
    select a.*, o.code as keeper, row_number() over (order by a.code) as n
    from area a join office o on o.id = a.office
    where (a.closed_on is null or a.closed_on > today()) and a.code > coalesce(encode(:page::bytea, 'escape'), '')
      and (:office::text is null or o.code = :office::text
        or exists (select from area_office x join office h on h.id = x.office
          where x.area = a.id and h.code = :office::text and (x.ended_on is null or x.ended_on > today())))
    order by a.code limit page_size(:limit::int4) + 1
  )
select p.code as area, p.name, p.keeper as office, p.version, h.code as assigned_to, h.name as assigned_name,
  x.started_on::timestamp at time zone 'Asia/Shanghai' as since, (x.ended_on - 1)::timestamp at time zone 'Asia/Shanghai' as until,
  case when exists (select from page m where m.n > page_size(:limit::int4))
       then (select decode(l.code, 'escape') from page l where l.n = page_size(:limit::int4)) end as next
from page p
  left join (area_office x join office h on h.id = x.office) on x.area = p.id and (x.ended_on is null or x.ended_on > today())
where p.n <= page_size(:limit::int4)
order by p.n, h.code, x.started_on
