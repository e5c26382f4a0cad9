select * from change_area(:request_id::uuid, :act::bytea, :area::text, :base_version::int4, :name::text, :reason::text)
