select * from assign_account(:request_id::uuid, :act::bytea, :account::text, :office::text, :role::int4, :since::timestamptz,
  :until::timestamptz, :reason::text)
