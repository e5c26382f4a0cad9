select c.*, event_told(c.no, :request_id::uuid, 'round')::int4 as round, event_told(c.no, :request_id::uuid, 'session_mode')::int2 as session_mode
from record_change(:request_id::uuid, :act::bytea, 2::int2, 'hold_session', :dispute::text, :base_version::int4,
  jsonb_build_object('session_mode', nullif(:session_mode::int2, 0), 'session_method', nullif(:session_method::int2, 0),
    'held_at', :held_at::timestamptz, 'session_place', :place::text, 'mediators', :mediators::text, 'participants', :participants::text,
    'present', nullif(:present::int2[], '{}'), 'note_open', :note_open::text, 'note_private', :note_private::text,
    'session_result', nullif(:session_result::int2, 0), 'risk', nullif(:risk::int2, 0), 'ignite', :ignite::bool), null) c
