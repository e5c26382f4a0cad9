select * from end_login(:request_id::uuid, :act::bytea, :login::uuid, :reason::text)
