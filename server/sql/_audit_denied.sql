-- What the server refused before a statement of the request itself could write it down.
select audit_denied(:request::text, :incident::text, :reason::text)
