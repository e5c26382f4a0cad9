select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'link_incident', :dispute::text, null, jsonb_build_object('incident', :incident::text,
  'external_no', :external_no::text, 'external_office', :external_office::text, 'external_at', :external_at::timestamptz, 'link_reason', :reason::text), :reason::text)
