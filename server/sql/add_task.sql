select * from record_create(:request_id::uuid, :act::bytea, 5::int2, 'add_task',
  jsonb_build_object('title', :title::text, 'to_office', :to_office::text, 'to_account', :to_account::text, 'about', :about::text, 'content', :content::text,
    'due_at', :due_at::timestamptz), null)
