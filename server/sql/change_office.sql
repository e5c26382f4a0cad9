select * from change_office(:request_id::uuid, :act::bytea, :office::text, :base_version::int4, :name::text, :parent::text,
  :partner_kind::text, :reason::text)
