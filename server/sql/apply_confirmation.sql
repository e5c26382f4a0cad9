select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'apply_confirmation', :dispute::text, :base_version::int4,
  jsonb_build_object('court', :court::text, 'applied_at', :applied_at::timestamptz), null)
