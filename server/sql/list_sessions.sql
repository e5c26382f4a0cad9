-- Oldest round first.
with found as materialized (select * from record_find(:dispute::text, 2::int2)),
  hits as materialized (
    select s.num, s.seq, row_number() over (order by s.seq) as n from found f join mediation_session s using (num)
    where f.reason is null and s.seq > coalesce(page_int8(:page::bytea, 1), 0)
    order by s.seq limit page_size(:limit::int4) + 1
  )
select s.id, s.seq as round, s.mode as session_mode, s.method as session_method, s.held_at, s.entered_at, s.place, s.mediators, s.participants, s.parties as present, s.note_open,
  session_private(s.num, s.seq) as private_noted, s.result as session_result, s.risk, s.ignite, o.code as office, o.name as office_name, s.officer, s.version as session_version,
  (select int8send(l.seq) from hits l where l.n = page_size(:limit::int4) and exists (select from hits m where m.n > l.n)) as next, f.reason
from found f left join (hits h join mediation_session s using (num, seq) join office o on o.id = s.office) on h.n <= page_size(:limit::int4)
where h.n is not null or f.reason is not null
order by s.seq
