-- Which record a change names: asked before the change where its text is sealed for that record.
select i.id, f.reason from incident_find(:incident::text) f left join incident i using (num)
