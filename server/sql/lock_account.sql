select * from set_account_state(:request_id::uuid, :act::bytea, 'lock_account', :account::text, 2::int2, :reason::text)
