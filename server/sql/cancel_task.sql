select * from record_change(:request_id::uuid, :act::bytea, 5::int2, 'cancel_task', :task::text, null, '{}', :reason::text)
