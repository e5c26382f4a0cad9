-- Mediation of a dispute: sessions, agreements, visits, and what its file must hold. server/functions/mediation.sql.
create table mediation_session(
  id uuid primary key,             -- the request by which it was entered; what is sealed in it is bound to that
  num int8 not null,               -- the dispute
  seq int4 not null,               -- its round
  mode int2 not null,              -- enum SessionMode
  method int2,
  held_at timestamptz not null,    -- when it was; entered_at: when it was written down
  place text collate "C",          -- sealed
  mediators text,
  participants text,
  parties int2[],
  note_open text,
  note_private text collate "C",   -- sealed; for mediators of the judicial side alone: session_note
  result int2,
  risk int2,
  ignite bool not null,
  office int4 not null references office(id),
  officer text not null,
  entered_at timestamptz not null,
  version int4 not null default 1,
  unique (num, seq));
create table agreement(
  id uuid primary key,
  num int8 not null,
  seq int4 not null,
  form int2 not null,              -- enum AgreementForm
  terms text not null,
  effective_at timestamptz not null,
  perform_by timestamptz,
  confirm_by timestamptz,          -- of the rule CONFIRMATION, as it was when it was made
  court text,
  applied_at timestamptz,
  confirmed bool,
  decided_at timestamptz,
  performance int2,
  performed_at timestamptz,
  office int4 not null references office(id),
  officer text not null,
  entered_at timestamptz not null,
  unique (num, seq));
create table visit(
  id uuid primary key,
  num int8 not null,
  seq int4 not null,
  visited_at timestamptz not null,
  performed bool,
  satisfaction int2,
  relapse bool,
  note text,
  office int4 not null references office(id),
  officer text not null,
  entered_at timestamptz not null,
  unique (num, seq));

-- Whoever sees the dispute sees what was done on it; but the private note, which no grant covers.
do $$
declare
  t text;
begin
  foreach t in array array['mediation_session', 'agreement', 'visit'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy owner on %I to current_user using (true) with check (true)', t);
    execute format('create policy seen on %I for select to liandong_app using (exists (select from dispute d where d.num = %1$I.num))', t);
  end loop;
end $$;
grant select on agreement, visit to liandong_app;
grant select (id, num, seq, mode, method, held_at, place, mediators, participants, parties, note_open, result, risk, ignite, office, officer, entered_at, version)
  on mediation_session to liandong_app;

-- What a file must hold (一案一卷): of which outcomes; NULL: always.
create table file_item(
  item int2 not null,              -- enum FileItem
  name text not null,
  outcomes int2[],
  started_on date not null default '2020-01-01',
  ended_on date,
  primary key (item, started_on),
  check (ended_on > started_on));
insert into file_item(item, name, outcomes) values
  (1, '申请登记材料', null), (2, '当事人同意', '{1, 2, 3}'), (3, '调查记录', '{1, 2, 3}'), (4, '调解笔录', '{1, 2, 3, 6}'), (5, '调解协议书', '{1}'), (6, '回访记录', null),
  (7, '司法确认文书', '{}');       -- never asked for, but it may be there
grant select on file_item to liandong_app;

-- Told in events, kept in the tables above.
insert into record_field(type, field, systems)
select 2, f, null from unnest(array['round', 'session_mode', 'session_method', 'held_at', 'mediators', 'participants', 'present', 'note_open', 'session_result', 'risk', 'ignite',
  'agreement_no', 'agreement_form', 'effective_at', 'perform_by', 'court', 'applied_at', 'confirmed', 'performance', 'visit_no', 'visited_at', 'performed', 'satisfaction', 'relapse']) f;

insert into record_transition(type, kind, from_state, to_state, systems, roles, side, condition, reason_required, required, stamp)
select 2, t.kind, s, coalesce(t.to_state, s), t.systems, t.roles, t.side, t.condition, false, t.required, t.stamp
from (values
  ('hold_session', array[3, 5, 6, 11, 14, 16], 6, array[2], array[4, 5], null, null, null, null),
  ('hold_session', array[3, 5, 6, 11, 14, 16], 6, array[1], array[1, 2, 3], 'lead_office', null, null, null),
  ('correct_session', array[3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22], null, array[2], array[4, 5], null, null, null, null),
  ('correct_session', array[3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22], null, array[1], array[1, 2, 3], 'lead_office', null, null, null),
  ('make_agreement', array[6], 0, array[2], array[4, 5], null, null, null, 'concluded_at'),
  ('make_agreement', array[6], 0, array[1], array[1, 2, 3], 'lead_office', 'track:2', null, 'concluded_at'),
  ('apply_confirmation', array[8, 12], 9, array[2], array[4, 5], null, null, null, null),
  ('decide_confirmation', array[9], 0, array[2], array[4, 5], null, null, null, null),
  ('perform_agreement', array[8, 10, 11, 12, 14], 0, array[2], array[4, 5], null, null, null, null),
  ('perform_agreement', array[8, 10, 11, 12, 14], 0, array[1], array[1, 2, 3], 'lead_office', null, null, null),
  ('visit_dispute', array[13, 15, 16, 17, 18, 19], 19, array[2], array[4, 5], null, null, null, null),
  ('visit_dispute', array[8, 9, 10, 11, 12, 20], null, array[2], array[4, 5], null, null, null, null),
  ('visit_dispute', array[8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 19, 20], null, array[1], array[1, 2, 3], null, null, null, null),
  ('archive_dispute', array[20], 21, array[2], array[4, 5], null, null, array['checklist'], 'archived_at')
) as t(kind, from_states, to_state, systems, roles, side, condition, required, stamp), unnest(t.from_states) s;

-- What is likely to ignite is told to both sides, whoever entered the dispute.
update alert_rule set whom = 'BOTH' where rule = 'IGNITE';
