select * from begin_attachment(:request_id::uuid, :act::bytea, :record::text, :name::text, :sha256::text, :size::int8, :media_type::text)
