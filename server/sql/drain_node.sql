-- A planned stop of one node; recorded as an order to it.
select * from node_order_give(:request_id::uuid, :act::bytea, 'drain_node', :node::text, jsonb_build_object('after', :after::int4), :reason::text)
