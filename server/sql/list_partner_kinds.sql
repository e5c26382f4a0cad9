-- The whole list is short: no pages. First those that may be chosen today.
select k.code as partner_kind, case when :caller_english::bool then k.english else k.name end as name,
  k.started_on::timestamp at time zone 'Asia/Shanghai' as since, (k.ended_on - 1)::timestamp at time zone 'Asia/Shanghai' as until
from partner_kind k
order by (k.started_on <= today() and (k.ended_on is null or k.ended_on > today())) desc, k.code
