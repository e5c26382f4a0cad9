-- Figures (统计): numbers that come out the same when they are asked for again for a past time, and open into their lists. functions/figure.sql.
--
-- 联调联处: disputes on which both offices of a pairing acted while it held. Kept in the transaction of each event, for counting a million acts
-- at each question takes seconds: of each dispute and pairing the first act of either side, and the time during which it counts.
alter table dispute add column exercise bool;  -- 演练: counts in no figure
insert into record_field(type, field) values (2, 'exercise');

create table joint_side(
  station int4 not null,
  judicial int4 not null,
  num int8 not null,               -- of the dispute on which they acted, whatever it was merged into later
  police_at timestamptz,           -- entered at
  judicial_at timestamptz,
  primary key (station, judicial, num));
create index joint_side_num on joint_side(num);

-- It counts from `since` to `until`: from the second side's first act, not while it is merged into another (that one counts) or void. Both are
-- times of entry: what is entered later never changes what was counted as of before. joint_at: when both had acted, which may be before
-- `since` (a pairing entered late, a merge). Origin, sensitivity and area are the dispute's as they are now, for the predicate.
create table joint_span(
  station int4 not null,
  judicial int4 not null,
  num int8 not null,
  since timestamptz not null,
  until timestamptz not null default 'infinity',
  police_at timestamptz not null,
  judicial_at timestamptz not null,
  joint_at timestamptz not null,
  origin int4 not null,
  sensitivity int2 not null,
  area int4,
  primary key (num, station, judicial, since),
  check (until >= since));
create index joint_span_count on joint_span(station, judicial, joint_at) include (since, until, num, origin, sensitivity, area);
create unique index joint_span_open on joint_span(num, station, judicial) where until = 'infinity';

do $$
declare
  seen text := (select pg_get_expr(p.polqual, p.polrelid) from pg_policy p where p.polrelid = 'dispute'::regclass and p.polname = 'seen');
begin
  alter table joint_span enable row level security;
  alter table joint_span force row level security;
  create policy owner on joint_span to current_user using (true) with check (true);
  execute format('create policy seen on joint_span for select to liandong_app using (%s)', seen);
end $$;
grant select on joint_span to liandong_app;

-- Ack times are told in these steps, in seconds.
create table figure_bucket(
  from_s int4 not null,
  until_s int4,                    -- NULL: and more
  started_on date not null default '2020-01-01',
  ended_on date,
  primary key (from_s, started_on));
insert into figure_bucket(from_s, until_s) values (0, 30), (30, 60), (60, 120), (120, 180), (180, null);
grant select on figure_bucket to liandong_app;
