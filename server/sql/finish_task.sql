select * from record_change(:request_id::uuid, :act::bytea, 5::int2, 'finish_task', :task::text, null,
  jsonb_build_object('result', :result::text, 'answered_by', :answered_by::text), :result::text)
