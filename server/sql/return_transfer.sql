select * from record_change(:request_id::uuid, :act::bytea, 3::int2, 'return_transfer', :transfer::text, null,
  jsonb_build_object('returned_reason', :reason::text), :reason::text)
