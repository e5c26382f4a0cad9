-- What a dispute is about: incidents, ours and other jurisdictions'. N:M, and an act on the dispute: server/functions/link.sql.
create table record_link(
  id int8 primary key generated always as identity,
  dispute int8 not null,
  incident int8,                   -- ours; else by the number that it has elsewhere:
  external_no text,
  external_office text,            -- in words: it is none of the directory's
  external_at timestamptz,
  reason text,
  made_by text not null,
  made_at timestamptz not null,
  undone_by text,                  -- rows stay: what was linked when is history
  undone_at timestamptz,
  undone_why text,
  check ((incident is null) <> (external_no is null)));
create unique index record_link_one on record_link(dispute, coalesce(incident, 0), coalesce(external_no, ''), coalesce(external_office, '')) where undone_at is null;
create index record_link_incident on record_link(incident) where undone_at is null;
grant select on record_link to liandong_app;
-- Whoever sees the dispute sees what it is linked to; of an incident that he does not see, nothing but the number.
alter table record_link enable row level security;
alter table record_link force row level security;
create policy owner on record_link to current_user using (true) with check (true);
create policy seen on record_link for select to liandong_app using (exists (select from dispute d where d.num = record_link.dispute));
create index dispute_merged on dispute(merged_into) where merged_into is not null;

insert into record_field(type, field) values (2, 'linked');
insert into record_transition(type, kind, from_state, to_state, systems, roles, reason_required)
select 2, k.kind, s, s, array[1, 2], r.roles, k.reason_required
from (values ('link_incident', false), ('unlink_incident', true)) as k(kind, reason_required), generate_series(1, 22) s,
  (values (array[1, 2, 3, 4, 5]), (array[0])) as r(roles)
where k.kind = 'link_incident' or r.roles <> '{0}';
