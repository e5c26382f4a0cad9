-- The counts of each node that is heard of, at most some 15 s old; without the buckets of histograms, whose sum and count stand beside.
select n.node, m.at, v[1] as name, v[2] as value
from node_metric m join node_status n using (instance)
  cross join lateral regexp_matches(m.page, '^([a-z0-9_]+(?:\{[^}\n]*\})?) ([-+0-9.e]+)$', 'gn') v
where node_is_alive(n) and (:node::text is null or n.node = :node::text)
  and v[1] !~ '_bucket\{' and (:name::text is null or strpos(v[1], :name::text) > 0)
order by n.node, v[1]
