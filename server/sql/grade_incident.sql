select * from rights_change(:request_id::uuid, :act::bytea, 'grade_incident', :incident::text, :base_version::int4, :sensitivity::int4, null, null, :reason::text)
