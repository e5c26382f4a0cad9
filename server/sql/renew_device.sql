select * from renew_device(:request_id::uuid, :act::bytea, :device_key::bytea, :authority::bytea, :authority_until::timestamptz)
