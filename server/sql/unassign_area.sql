select * from unassign_area(:request_id::uuid, :act::bytea, :area::text, :office::text, :reason::text)
