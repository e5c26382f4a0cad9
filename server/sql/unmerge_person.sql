select * from person_merge(:request_id::uuid, :act::bytea, :person::text, null, :reason::text)
