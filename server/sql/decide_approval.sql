select * from decide_approval(:request_id::uuid, :act::bytea, :approval::int8, :agreed::bool, :reason::text)
