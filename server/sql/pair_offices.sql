select * from pair_offices(:request_id::uuid, :act::bytea, :station::text, :judicial::text, :since::timestamptz, :until::timestamptz)
