-- Joint handling counted by days: a figure over a million acts adds some thousand numbers, and looks at rows only for the days that it cuts.
-- functions/figure.sql.
alter table joint_span add column alone bool not null default true;  -- no other pairing ever had this dispute: else it is counted by itself, once in the sum
update joint_span s set alone = false where exists (select from joint_span o where o.num = s.num and (o.station, o.judicial) <> (s.station, s.judicial));
create index joint_span_since on joint_span(since);
create index joint_span_until on joint_span(until) where until < 'infinity';
create index joint_span_at on joint_span(joint_at, num);
create index joint_span_many on joint_span(num) where not alone;

-- How many more began to count than ended to, of all that the predicate and a figure ask for. Days are their first moments in China.
create table joint_tally(
  station int4 not null,
  judicial int4 not null,
  origin int4 not null,
  sensitivity int2 not null,
  area int4 not null,              -- 0: none
  changed_on timestamptz not null, -- day of `since`, of `until`
  joint_on timestamptz not null,   -- day of joint_at
  n int4 not null,
  primary key (station, judicial, origin, sensitivity, area, changed_on, joint_on));
insert into joint_tally
select s.station, s.judicial, s.origin, s.sensitivity, coalesce(s.area, 0), date_trunc('day', c.at, 'Asia/Shanghai'), date_trunc('day', s.joint_at, 'Asia/Shanghai'), sum(c.n)
from joint_span s cross join lateral (values (s.since, 1), (s.until, -1)) c(at, n)
where s.alone and c.at < 'infinity' group by 1, 2, 3, 4, 5, 6, 7;

-- As a dispute is seen by its origin, level and area; what is seen by its number alone is looked for in the rows.
do $$
declare
  seen text := (select pg_get_expr(p.polqual, p.polrelid) from pg_policy p where p.polrelid = 'dispute'::regclass and p.polname = 'seen');
begin
  if strpos(seen, 'record_marks(num, origin, sensitivity, area)') = 0 then
    raise 'the predicate of disputes has another form';
  end if;
  alter table joint_tally enable row level security;
  alter table joint_tally force row level security;
  create policy owner on joint_tally to current_user using (true) with check (true);
  execute format('create policy seen on joint_tally for select to liandong_app using (%s)',
    replace(seen, 'record_marks(num, origin, sensitivity, area)', 'record_marks(0::int8, origin, sensitivity, nullif(area, 0))'));
end $$;
grant select on joint_tally to liandong_app;
