select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'note_dispute', :dispute::text, null, jsonb_build_object('note', :note::text), :note::text)
