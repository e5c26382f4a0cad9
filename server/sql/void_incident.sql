select * from incident_change(:request_id::uuid, :act::bytea, 'void_incident', :incident::text, :base_version::int4, '{}', :reason::text)
