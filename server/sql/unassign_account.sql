select * from unassign_account(:request_id::uuid, :act::bytea, :account::text, :office::text, :role::int4, :reason::text)
