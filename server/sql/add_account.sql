select * from add_account(:request_id::uuid, :act::bytea, :account::text, :name::text, :office::text, :role::int4)
