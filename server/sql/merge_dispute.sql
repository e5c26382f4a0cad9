select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'merge_dispute', :dispute::text, null, jsonb_build_object('into', :into::text), :reason::text)
