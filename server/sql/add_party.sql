select * from record_change(:request_id::uuid, :act::bytea, 2::int2, 'add_party', :dispute::text, null,
  jsonb_build_object('role', nullif(:role::int2, 0), 'name', :name::text, 'name_index', :name_index::bytea,
    'phone', :phone::text, 'phone_index', :phone_index::bytea, 'id_no', :id_no::text, 'id_index', :id_index::bytea, 'gender', nullif(:gender::int2, 0), 'birth_year', :birth_year::int4,
    'domicile', :domicile::text, 'domicile_index', :place_index::bytea), null)
