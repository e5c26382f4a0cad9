select * from open_position(:request_id::uuid, :act::bytea, :position::text, :office::text, :name::text, :kind::int4, :place::text, :phone::text)
