select * from record_change(:request_id::uuid, :act::bytea, 4::int2, 'ack_alert', :alert::text, null, '{}', :note::text)
