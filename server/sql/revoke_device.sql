select * from revoke_device(:request_id::uuid, :act::bytea, :device::text, :reason::text)
