select * from record_create(:request_id::uuid, :act::bytea, 3::int2, 'send_transfer',
  jsonb_build_object('about', :about::text, 'to_office', :to_office::text, 'mode', nullif(:mode::int2, 0), 'why', :reason::text, 'doc_no', :doc_no::text, 'title', :title::text),
  :reason::text)
