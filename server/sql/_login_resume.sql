select login, account, office, system, role, office_code, office_name, officer, ends_at, reason from login_resume(:token_hash::bytea, :device::int8)
