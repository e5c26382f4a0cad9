select * from record_change(:request_id::uuid, :act::bytea, 4::int2, 'review_alert', alert_named(:alert::text), :base_version::int4,
  jsonb_build_object('review', :review::text, 'lessons', :lessons::text), null)
