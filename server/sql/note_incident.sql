select * from incident_change(:request_id::uuid, :act::bytea, 'note_incident', :incident::text, null, '{}', :note::text)
