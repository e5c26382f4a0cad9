-- Where a record belongs and how special it is are told, kept in its history and verified as its other fields are.
insert into record_field(type, field, systems)
select r.type, f, null from record_type r, unnest(array['area', 'sensitivity']) f where r.type > 1;
