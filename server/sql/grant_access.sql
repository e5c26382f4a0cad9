select * from rights_change(:request_id::uuid, :act::bytea, :record::int4, 'grant_access', :incident::text, :base_version::int4, null, :account::text, :until::timestamptz, :reason::text)
