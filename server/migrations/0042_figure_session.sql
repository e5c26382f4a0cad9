-- Figures of mediation sessions, and what a pairing entered late is counted from. functions/figure.sql.
--
-- 6次, 8轮: what is known of each session, and of which dispute it counts, from `since` to `until`: both are times of entry, so that a session that
-- is corrected, or whose dispute is merged or voided, changes nothing of what was counted as of before. Origin, sensitivity and area are the
-- dispute's as they are now, for the predicate.
create table session_span(
  session uuid not null,           -- mediation_session.id
  num int8 not null,               -- of the dispute of which it counts: the one that remained of merged ones
  held_in int8 not null,           -- and in which it was held
  since timestamptz not null,
  until timestamptz not null default 'infinity',
  seq int4 not null,               -- its round
  mode int2 not null,
  method int2,
  result int2,
  held_at timestamptz not null,
  entered_at timestamptz not null,
  office int4 not null,            -- that held it
  officer text not null,
  origin int4 not null,
  sensitivity int2 not null,
  area int4,
  primary key (session, since),
  check (until >= since));
create unique index session_span_open on session_span(session) where until = 'infinity';
create index session_span_num on session_span(num);
create index session_span_held_in on session_span(held_in);
create index session_span_count on session_span(held_at) include (since, until, num, held_in, origin, sensitivity, area, office, mode);

-- Whoever sees the dispute of which it counts and the one in which it was held.
do $$
declare
  seen text := (select pg_get_expr(p.polqual, p.polrelid) from pg_policy p where p.polrelid = 'dispute'::regclass and p.polname = 'seen');
begin
  alter table session_span enable row level security;
  alter table session_span force row level security;
  create policy owner on session_span to current_user using (true) with check (true);
  execute format('create policy seen on session_span for select to liandong_app using ((%s) and (held_in = num or exists (select from dispute d where d.num = held_in)))', seen);
end $$;
grant select on session_span to liandong_app;

-- What was entered before today is counted as it stands today.
with recursive family(root, num) as (
    select d.num, d.num from dispute d where d.state not in (23, 24) and d.exercise is not true
    union all select f.root, d.num from family f join dispute d on d.merged_into = f.num)
insert into session_span(session, num, held_in, since, seq, mode, method, result, held_at, entered_at, office, officer, origin, sensitivity, area)
select s.id, f.root, s.num, s.entered_at, s.seq, s.mode, s.method, s.result, s.held_at, s.entered_at, s.office, s.officer, d.origin, d.sensitivity, d.area
from family f join mediation_session s on s.num = f.num join dispute d on d.num = f.root;

-- Acts on disputes by who did them: a pairing that is entered late is counted from them, not from the whole feed.
create index feed_acts on feed(actor, num) include (at, kind, officer) where num >= 20000000000000 and num < 30000000000000;

-- Replaced by functions of many disputes.
drop function if exists joint_settle(int8, timestamptz), joint_family(int8);
