select * from put_chunk(:request_id::uuid, :attachment::int8, :offset::int8, :bytes::bytea, :digest::text)
