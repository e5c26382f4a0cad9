select * from set_duty(:request_id::uuid, :act::bytea, :position::text, :account::text, :since::timestamptz, :until::timestamptz)
