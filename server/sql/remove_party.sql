select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'remove_party', :dispute::text, null, jsonb_build_object('party', :party::int4), :reason::text)
