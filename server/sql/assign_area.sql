select * from assign_area(:request_id::uuid, :act::bytea, :area::text, :office::text, :since::timestamptz, :until::timestamptz, :reason::text)
