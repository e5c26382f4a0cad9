select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'perform_agreement', :dispute::text, :base_version::int4,
  jsonb_build_object('performance', nullif(:performance::int2, 0)), :note::text)
