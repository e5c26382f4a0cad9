select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'conclude_dispute', :dispute::text, :base_version::int4,
  jsonb_build_object('outcome', nullif(:outcome::int2, 0), 'outcome_note', :outcome_note::text), null)
