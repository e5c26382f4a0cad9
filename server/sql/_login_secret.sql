select secret, password_least from login_secret(:account::text, :id::int8)
