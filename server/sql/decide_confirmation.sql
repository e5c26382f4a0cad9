select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'decide_confirmation', :dispute::text, :base_version::int4,
  jsonb_build_object('confirmed', :confirmed::bool), :note::text)
