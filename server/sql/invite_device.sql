select outcome, reason, field, device, office_code_out as office_code, office_name, token, until, replaces, at, replay
from invite_device(:request_id::uuid, :act::bytea, :authority::bytea, :office::text, :device::text, :role::int4)
