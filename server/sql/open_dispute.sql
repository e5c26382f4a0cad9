select * from record_create(:request_id::uuid, :act::bytea, 2::int2, 'open_dispute',
  jsonb_build_object('type', nullif(:type::int2, 0), 'subtype', :subtype::text, 'source', nullif(:source::int2, 0), 'title', :title::text,
    'content', :content::text, 'place', :place::text, 'place_index', :place_index::bytea, 'place_pairs', :place_pairs::bytea,
    'people_count', :people_count::int4, 'amount_fen', :amount_fen::int8, 'warning', nullif(:warning::int2, 0), 'area', :area::text,
    'exercise', :exercise::bool, 'from', :from::text), null)
