select * from incident_change(:request_id::uuid, :act::bytea, 'feedback_incident', :incident::text, :base_version::int4,
  jsonb_build_object('result_code', :result_code::text, 'result', :result::text, 'feedback_at', moment_text(:feedback_at::timestamptz)),
  null)
