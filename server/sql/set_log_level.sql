-- Levels as the nodes name them; recorded as an order to one node or all.
select * from node_order_give(:request_id::uuid, :act::bytea, 'set_log_level', :node::text,
  jsonb_build_object('level', ('{error,warn,info,debug}'::text[])[:level::int2]), :reason::text)
