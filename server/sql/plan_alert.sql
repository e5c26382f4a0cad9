select * from alert_plan(:request_id::uuid, :act::bytea, :alert::text,
  jsonb_build_object('plan', :plan::text, 'tasks', to_jsonb(:tasks::text[]), 'due_at', :due_at::timestamptz))
