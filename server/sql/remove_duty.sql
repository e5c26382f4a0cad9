select * from remove_duty(:request_id::uuid, :act::bytea, :position::text, :account::text, :since::timestamptz, :reason::text)
