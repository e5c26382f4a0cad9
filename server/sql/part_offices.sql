select * from part_offices(:request_id::uuid, :act::bytea, :station::text, :judicial::text, :until::timestamptz, :reason::text)
