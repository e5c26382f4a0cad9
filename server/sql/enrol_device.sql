-- token is the secret's hash here: see call/enrol.h
select * from enrol_device(:request_id::uuid, :act::bytea, :token::bytea, :device_key::bytea, :authority::bytea, :authority_until::timestamptz)
