-- Records opened to an office: how far (mode), by what, and whether somebody closed it or its time was over, as record_access.
alter table record_office add column mode int2 not null default 1 check (mode between 1 and 3),  -- enum TransferMode: 1 to read, 2 to act as well, 3 to lead
  add column closed bool not null default false;
alter table record_office drop constraint record_office_pkey;
alter table record_office add primary key (num, office, cause, since);

-- What is open to an office is open to its machines with nobody logged in, too, up to the level of the role they have then.
create or replace procedure record_table(kind int2, of_table text, of_prefix text) language plpgsql as $$
declare
  work text := '(select r.work from right_seen r where r.office = (select caller_office()) and r.role = (select caller_role()))::int4[]';
  beyond text := '(select r.beyond || records_named()'
    || ' from right_seen r where r.office = (select caller_office()) and r.role = (select caller_role()))::int8[]';
begin
  execute format('alter table %I enable row level security; alter table %1$I force row level security', of_table);
  execute format('create policy owner on %I to current_user using (true) with check (true)', of_table);
  execute format('create policy seen on %I for select to liandong_app using (sensitivity = 1 and origin = any (%s)'
    || ' or record_marks(num, origin, sensitivity, area) && %s)', of_table, work, beyond);
  execute format('grant select on %I to liandong_app', of_table);
  execute format('alter table %I add primary key (num)', of_table);
  execute format('create index %s_list on %1$I(origin, created_at desc, num desc) include (state, sensitivity, area)', of_table);
  execute format('create index %s_sensitive on %1$I(num) include (sensitivity) where sensitivity <> 1', of_table);
  execute format('create index %s_area_num on %1$I(num) include (area, sensitivity) where area is not null', of_table);
  execute format('create index %s_area_last on %1$I(area, (events[cardinality(events)])) where area is not null', of_table);
  insert into record_type(type, name, prefix) values (kind, of_table, of_prefix);
end $$;
do $$
declare
  t text;
  work text := '(select r.work from right_seen r where r.office = (select caller_office()) and r.role = (select caller_role()))::int4[]';
  beyond text := '(select r.beyond || records_named()'
    || ' from right_seen r where r.office = (select caller_office()) and r.role = (select caller_role()))::int8[]';
begin
  for t in select 'any_record' union select name from record_type union select 'incident_search' loop
    execute format('alter policy seen on %I using (sensitivity = 1 and origin = any (%s) or record_marks(num, origin, sensitivity, area) && %s)', t, work, beyond);
  end loop;
  execute format('alter policy seen on feed using ('
    || 'origin = any (%s) and (select true from record_sensitive s where s.num = feed.num) is null'
    || ' or array[num, origin::int8 * 8 + (select s.sensitivity from record_sensitive s where s.num = feed.num),'
    || ' case when (select areas_any()) <> ''{}'' then (select -(a.area::int8 * 8 + a.sensitivity) from record_area a where a.num = feed.num) end] && %s)',
    work, beyond);
end $$;

create or replace view record_lapsed as
  select a.account from record_access a where a.until <= statement_timestamp() and not a.closed
  union all
  select -g.office::int8 from record_office g where g.until <= statement_timestamp() and not g.closed;

-- Nothing is in it, but a search does without reading whole tables (incident_search_page), and where only that can be done the plan's cost is so
-- high that PostgreSQL compiles it: 2.5 s.
alter table any_record add primary key (num);
