select * from rights_change(:request_id::uuid, :act::bytea, :record::int4, 'withdraw_access', :incident::text, :base_version::int4, null, :account::text, null, :reason::text)
