select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'extend_dispute', :dispute::text, :base_version::int4,
  jsonb_build_object('extension_consent', :extension_consent::text), null)
