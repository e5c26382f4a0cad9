select * from change_position(:request_id::uuid, :act::bytea, :position::text, :base_version::int4, :name::text, :place::text, :phone::text,
  :reason::text)
