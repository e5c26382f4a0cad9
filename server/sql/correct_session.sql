select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'correct_session', :dispute::text, null,
  jsonb_build_object('round', :round::int4, 'session_version', :session_version::int4, 'session_mode', nullif(:session_mode::int2, 0),
    'session_method', nullif(:session_method::int2, 0), 'held_at', :held_at::timestamptz, 'mediators', :mediators::text,
    'participants', :participants::text, 'present', case when :no_present::bool then '""' else to_jsonb(nullif(:present::int2[], '{}')) end, 'session_place', :place::text, 'note_open', :note_open::text,
    'session_result', nullif(:session_result::int2, 0), 'risk', nullif(:risk::int2, 0)), :reason::text)
