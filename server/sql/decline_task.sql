select * from record_change(:request_id::uuid, :act::bytea, 5::int2, 'decline_task', :task::text, null, jsonb_build_object('answered_by', :answered_by::text), :reason::text)
