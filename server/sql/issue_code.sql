select outcome, reason, field, account, code, until, at, replay from issue_code(:request_id::uuid, :act::bytea, :account::text)
