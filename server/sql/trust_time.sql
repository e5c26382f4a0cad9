select * from trust_time(:request_id::uuid, :act::bytea, :reason::text)
