select * from decide_review(:request_id::uuid, :act::bytea, :review::int8, :justified::bool, :reason::text)
