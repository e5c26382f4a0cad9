select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'visit_dispute', :dispute::text, :base_version::int4,
  jsonb_build_object('visited_at', :visited_at::timestamptz, 'performed', :performed::bool, 'satisfaction', nullif(:satisfaction::int2, 0),
    'relapse', :relapse::bool, 'note', :note::text), :note::text)
