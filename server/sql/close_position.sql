select * from close_position(:request_id::uuid, :act::bytea, :position::text, :reason::text)
