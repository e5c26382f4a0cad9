select * from import_calendar(:request_id::uuid, :act::bytea, :days::text)
