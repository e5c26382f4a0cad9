select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'resume_dispute', :dispute::text, :base_version::int4,
  '{}', :note::text)
