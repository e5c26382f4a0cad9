-- Without from_s: not acknowledged as of then.
with acks as materialized (select a.* from alert_acks(:office::text, figure_asof(:asof::timestamptz), :from::timestamptz, :until::timestamptz) a
    where figure_fault(:office::text) is null)
select b.from_s, b.until_s, b.alerts, b.share, asked.reason
from figure_fault(:office::text) asked(reason)
  left join (
    select x.from_s, x.until_s, count(a.num) as alerts, case when (select count(*) from acks) > 0 then round(100.0 * count(a.num) / (select count(*) from acks), 1)::float8 end as share
    from (select f.from_s, f.until_s from figure_bucket f where f.started_on <= today() and (f.ended_on is null or f.ended_on > today()) union all select null, null) x
      left join acks a on case when x.from_s is null then a.acked_at is null else a.seconds >= x.from_s and (x.until_s is null or a.seconds < x.until_s) end
    group by 1, 2) b on asked.reason is null
order by b.from_s nulls last
