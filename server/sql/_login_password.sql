select outcome, reason, field from password_set(:fits::bool, :new_secret::bytea)
