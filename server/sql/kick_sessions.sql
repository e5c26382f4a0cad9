-- With office, device or session; recorded as an order to the nodes.
select * from node_kick(:request_id::uuid, :act::bytea, :session::text, :device::text, :office::text, :reason::text)
