select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'unlink_incident', :dispute::text, null, jsonb_build_object('incident', :incident::text,
  'external_no', :external_no::text, 'external_office', :external_office::text), :reason::text)
