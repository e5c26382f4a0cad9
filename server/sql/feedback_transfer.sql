select * from record_change(:request_id::uuid, :act::bytea, 3::int2, 'feedback_transfer', :transfer::text, null,
  jsonb_build_object('feedback', :feedback::text), :feedback::text)
