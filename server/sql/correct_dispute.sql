select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'correct_dispute', :dispute::text, :base_version::int4,
  jsonb_build_object('type', nullif(:type::int2, 0), 'subtype', :subtype::text, 'source', nullif(:source::int2, 0), 'title', :title::text, 'content', :content::text,
    'people_count', :people_count::int4, 'amount_fen', :amount_fen::int8, 'complexity', nullif(:complexity::int2, 0), 'track', nullif(:track::int2, 0), 'consent', :consent::text,
    'outcome_note', :outcome_note::text, 'police_result', :police_result::text, 'area', :area::text, 'causes', nullif(:causes::int2[], '{}')), :reason::text)
