select * from break_glass(:request_id::uuid, :act::bytea, :incident::text, :purpose::text, :reason::text)
