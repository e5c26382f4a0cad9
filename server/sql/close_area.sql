select * from close_area(:request_id::uuid, :act::bytea, :area::text, :reason::text)
