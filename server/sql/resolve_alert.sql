select * from record_change(:request_id::uuid, :act::bytea, 4::int2, 'resolve_alert', :alert::text, null, jsonb_build_object('outcome', :outcome::text), null)
