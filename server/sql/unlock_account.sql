select * from set_account_state(:request_id::uuid, :act::bytea, 'unlock_account', :account::text, 1::int2, :reason::text)
