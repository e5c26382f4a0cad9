select * from person_merge(:request_id::uuid, :act::bytea, :person::text, coalesce(:into::text, ''), :reason::text)
