select l.leg, l.transfers, l.median_s, l.p90_s, l.longest_s, asked.reason
from figure_fault(:office::text) asked(reason)
  left join (
    select x.leg, min(x.n) as n, count(*) as transfers, percentile_disc(0.5) within group (order by x.seconds) as median_s,
      percentile_disc(0.9) within group (order by x.seconds) as p90_s, max(x.seconds) as longest_s
    from (select t.leg, t.n, greatest(floor(extract(epoch from t.at - t.since)), 0)::int8 as seconds
          from transfer_legs(:office::text, figure_asof(:asof::timestamptz), :from::timestamptz, :until::timestamptz) t) x
    group by x.leg) l on asked.reason is null
where l.leg is not null or asked.reason is not null
order by l.n
