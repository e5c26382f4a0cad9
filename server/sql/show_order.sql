-- Who was to carry it out, and what each said. No row while the asker would rather wait than hear of a part.
with o as (select * from node_order x where x.id = :order::uuid),
  nodes as (
    select coalesce(a.node, s.node) as node, a.at as done_at, a.count, a.outcome
    from o cross join lateral (
        select s.instance, s.node from node_status s
        where (o.node is null or s.node = o.node) and s.first <= o.at and s.at >= o.at - make_interval(secs => (node_rule_now()).silent_seconds)
      ) s full join (select a.* from node_answer a where a.node_order = :order::uuid) a on a.instance = s.instance
  )
select n.node, n.done_at, n.count, n.outcome, asked.reason
from (select case when not exists (select from o) then 'NOT_FOUND order' end as reason) asked
  left join nodes n on coalesce(:wait_ms::int4, 0) = 0 or not exists (select from nodes m where m.done_at is null)
where n.node is not null or asked.reason is not null
order by n.node
