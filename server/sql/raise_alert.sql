select * from record_create(:request_id::uuid, :act::bytea, 4::int2, 'raise_alert',
  jsonb_build_object('kind', nullif(:kind::int2, 0), 'title', :title::text, 'content', :content::text, 'place', :place::text, 'people_count', :people_count::int4,
    'severity', nullif(:severity::int2, 0), 'urgency', nullif(:urgency::int2, 0), 'certainty', nullif(:certainty::int2, 0), 'status', nullif(:status::int2, 0),
    'about', nullif(:about::text, ''), 'expires_at', :expires_at::timestamptz, 'area', :area::text), null)
