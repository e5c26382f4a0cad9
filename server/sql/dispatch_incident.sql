select * from incident_change(:request_id::uuid, :act::bytea, 'dispatch_incident', :incident::text, :base_version::int4,
  jsonb_build_object('dispatched_to', :dispatched_to::text, 'dispatched_at', moment_text(:dispatched_at::timestamptz)),
  :note::text)
