select * from record_change(:request_id::uuid, :act::bytea, 4::int2, 'cancel_alert', :alert::text, null, '{}', :reason::text)
