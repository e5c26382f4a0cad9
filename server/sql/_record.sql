-- Which record a change names: asked before the change where its text is sealed for that record, or for a part of it. :kind: of which kind it
-- is; :part: the round of a session. Their order is the caller's. place: of an incident that another record is made out of, as the caller is told it.
select case when p.part is null then r.id else s.id end as id, coalesce(f.reason, case when p.part is not null and s.id is null then 'NO_SUCH_ROUND' end) as reason,
  (select told('place', i.place, identity_shown(i)) from incident i where i.num = f.num) as place
from record_find(:named::text, (select t.type from record_type t where t.name = :kind::text)) f cross join (select :part::int4 as part) p left join any_record r using (num)
  left join mediation_session s on s.num = f.num and s.seq = p.part
