-- place, reporter and reporter_phone come sealed; indexes and pairs go with them. UNSPECIFIED (0) means absent. A correction to what stands already is refused (NO_CHANGE), not answered as done: a positive answer has
-- its event, by which the request is known again. One without would be forgotten and, sent again after a colleague's change, be
-- carried out a second time. The refusal leaves nothing behind, and asking again gives it again while the record is as it is.
select * from incident_change(:request_id::uuid, :act::bytea, 'correct_incident', :incident::text, :base_version::int4,
  jsonb_build_object('source', nullif(:source::int2, 0), 'class', nullif(:class::int2, 0), 'level', nullif(:level::int2, 0),
    'external_no', :external_no::text, 'occurred_at', moment_text(:occurred_at::timestamptz), 'place', :place::text,
    'longitude', (:longitude::float8)::text, 'latitude', (:latitude::float8)::text, 'reporter', :reporter::text, 'reporter_phone', :reporter_phone::text,
    'phone_index', (:phone_index::bytea)::text, 'place_index', (:place_index::bytea)::text, 'place_pairs', (:place_pairs::bytea)::text,
    'content', :content::text, 'mass_count', :mass_count::int4, 'area', :area::text),
  :reason::text)
