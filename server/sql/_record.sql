-- Which record a change names: asked before the change where its text is sealed for that record. :kind: of which kind it is.
select r.id, f.reason from record_find(:named::text, (select t.type from record_type t where t.name = :kind::text)) f left join any_record r using (num)
