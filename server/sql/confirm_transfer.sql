select * from record_change(:request_id::uuid, :act::bytea, 3::int2, 'confirm_transfer', :transfer::text, null, '{}', null)
