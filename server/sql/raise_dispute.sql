select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'raise_dispute', :dispute::text, :base_version::int4,
  jsonb_build_object('warning', nullif(:warning::int2, 0)), :reason::text)
