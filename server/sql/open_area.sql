select * from open_area(:request_id::uuid, :act::bytea, :area::text, :name::text, :office::text)
