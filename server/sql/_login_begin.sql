select * from login_begin(:account::text, :fits::bool, :code_hash::bytea, :new_secret::bytea, :token_hash::bytea, :device::int8, :login::uuid,
  :office::text, :role::int4)
