-- Oldest round first.
select s.id, s.seq as round, s.mode as session_mode, s.method as session_method, s.held_at, s.entered_at, s.place, s.mediators, s.participants, s.parties as present, s.note_open,
  session_private(s.num, s.seq) as private_noted, s.result as session_result, s.risk, s.ignite, o.code as office, o.name as office_name, s.officer, s.version as session_version,
  f.reason
from record_find(:dispute::text, 2::int2) f left join (mediation_session s join office o on o.id = s.office) on s.num = f.num and f.reason is null
where s.id is not null or f.reason is not null
order by s.seq
