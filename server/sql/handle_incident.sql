select * from incident_change(:request_id::uuid, :act::bytea, 'handle_incident', :incident::text, :base_version::int4, '{}', :note::text)
