select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'make_agreement', :dispute::text, :base_version::int4,
  jsonb_build_object('agreement_form', nullif(:agreement_form::int2, 0), 'terms', :terms::text, 'effective_at', :effective_at::timestamptz,
    'perform_by', :perform_by::timestamptz, 'on_spot', :on_spot::bool), null)
