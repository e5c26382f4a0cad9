select * from record_change(:request_id::uuid, :act::bytea, 4::int2, 'note_alert', :alert::text, null, jsonb_build_object('note', :note::text), :note::text)
