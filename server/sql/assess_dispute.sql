select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'assess_dispute', :dispute::text, :base_version::int4,
  jsonb_build_object('warning', nullif(:warning::int2, 0), 'complexity', nullif(:complexity::int2, 0), 'joint_required', :joint_required::bool, 'causes', nullif(:causes::int2[], '{}')), :reason::text)
