select * from login_rows(:account::text, :open::bool, page_size(:limit::int4))
