select * from rights_change(:request_id::uuid, :act::bytea, :record::int4, 'grade_incident', :incident::text, :base_version::int4, :sensitivity::int4, null, null, :reason::text)
