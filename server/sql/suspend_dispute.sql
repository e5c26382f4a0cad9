select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'suspend_dispute', :dispute::text, :base_version::int4,
  '{}', :reason::text)
