select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'accept_dispute', :dispute::text, :base_version::int4,
  jsonb_build_object('consent', :consent::text, 'lead_office', :lead_office::text, 'track', nullif(:track::int2, 0), 'causes', nullif(:causes::int2[], '{}')), null)
