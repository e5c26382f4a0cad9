select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'unmerge_dispute', :dispute::text, null, '{}', :reason::text)
