select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'correct_dispute', :dispute::text, :base_version::int4,
  jsonb_build_object('type', nullif(:type::int2, 0), 'subtype', :subtype::text, 'source', nullif(:source::int2, 0), 'title', :title::text, 'content', :content::text,
    'people_count', :people_count::int4, 'amount_fen', :amount_fen::int8, 'complexity', nullif(:complexity::int2, 0), 'track', nullif(:track::int2, 0), 'consent', :consent::text,
    'outcome_note', :outcome_note::text, 'police_result', :police_result::text, 'area', :area::text,
    'causes', case when :no_causes::bool then '""' else to_jsonb(nullif(:causes::int2[], '{}')) end,
    'place', :place::text, 'place_index', coalesce((:place_index::bytea)::text, case when :place::text = '' then '' end),
    'place_pairs', coalesce((:place_pairs::bytea)::text, case when :place::text = '' then '' end)), :reason::text)
