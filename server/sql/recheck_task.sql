select * from record_change(:request_id::uuid, :act::bytea, 5::int2, 'recheck_task', :task::text, null,
  jsonb_build_object('redo', :redo::bool, 'reason', :reason::text), :reason::text)
