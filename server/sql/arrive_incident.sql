select * from incident_change(:request_id::uuid, :act::bytea, 'arrive_incident', :incident::text, :base_version::int4,
  jsonb_build_object('arrived_at', moment_text(:arrived_at::timestamptz)),
  :note::text)
