-- UNSPECIFIED (0) means absent.
select * from incident_change(:request_id::uuid, :act::bytea, 'correct_incident', :incident::text, :base_version::int4,
  jsonb_build_object('source', nullif(:source::int2, 0), 'class', nullif(:class::int2, 0), 'level', nullif(:level::int2, 0),
    'external_no', :external_no::text, 'occurred_at', moment_text(:occurred_at::timestamptz), 'place', :place::text,
    'longitude', (:longitude::float8)::text, 'latitude', (:latitude::float8)::text, 'reporter', :reporter::text, 'reporter_phone', :reporter_phone::text,
    'content', :content::text, 'mass_count', :mass_count::int4),
  :reason::text)
