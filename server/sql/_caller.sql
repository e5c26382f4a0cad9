-- Who the next statement of this transaction runs for, and how long it may take. Never for longer than the transaction.
select set_config('liandong.office', :office::text, true), set_config('liandong.device', :device::text, true),
  set_config('liandong.officer', :officer::text, true), set_config('liandong.role', :role::text, true),
  set_config('liandong.account', :account::text, true), set_config('liandong.login', :login::text, true),
  set_config('statement_timeout', :timeout::text, true)
