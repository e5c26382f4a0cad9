select * from open_office(:request_id::uuid, :act::bytea, :office::text, :name::text, :system::int4, :kind::int4, :parent::text,
  :partner_kind::text)
