select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'archive_dispute', :dispute::text, :base_version::int4,
  jsonb_build_object('items', :items::int2[]), null)
