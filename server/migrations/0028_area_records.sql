-- The area of a record, and the relation AREA of right_rule: an office that the area is assigned to today. How the predicate takes it stands in
-- server/functions/caller.sql.
alter table incident add column area int4 references area(id);
alter table incident_search add column area int4;

alter table right_rule drop constraint right_rule_relation_check;
alter table right_rule add check (relation in ('OWN', 'PAIRED', 'ABOVE', 'NAMED', 'AREA'));
insert into right_rule(role, relation, sensitivity_most) values (1, 'AREA', 1), (2, 'AREA', 1), (3, 'AREA', 1), (4, 'AREA', 1), (5, 'AREA', 1);

create trigger changed after insert or delete or update of closed_on on area for each statement execute function directory_changed();
create trigger changed after insert or delete or update on area_office for each statement execute function directory_changed();

-- Lists of an office are still answered by the index alone, for which the predicate's columns have to be in it. The others hold records of
-- areas and nothing else: a list of an area, what an event's record has, and where a backlog of an area begins.
drop index incident_list;
create index incident_list on incident(origin, received_at desc, num desc) include (state, class, level, sensitivity, area);
create index incident_area_list on incident(area, received_at desc, num desc) include (origin, state, class, level, sensitivity) where area is not null;
create index incident_area_num on incident(num) include (area, sensitivity) where area is not null;
create index incident_area_last on incident(area, (events[cardinality(events)])) where area is not null;
-- Corrections that took a record from one area to another: few.
create index feed_moved on feed(seq) where kind = 'correct_incident' and changed @> '{area}';

-- The text in use is in server/functions/caller.sql.
create or replace function record_marks(num int8, origin int4, sensitivity int2, area int4) returns int8[] immutable parallel safe language sql as $$
  select array[num, origin::int8 * 8 + sensitivity, -(area::int8 * 8 + sensitivity)]
$$;
create or replace function areas_any() returns int4[] stable parallel safe language plpgsql as $$
begin
  return null;
end $$;
grant execute on function record_marks(int8, int4, int2, int4), areas_any() to liandong_app;

do $$
declare
  t text;
  work text := '(select r.work from right_seen r where r.office = (select caller_office()) and r.role = (select caller_role()))::int4[]';
  beyond text := '(select r.beyond || case when caller_account() <> 0 then records_named() end'
    || ' from right_seen r where r.office = (select caller_office()) and r.role = (select caller_role()))::int8[]';
begin
  foreach t in array array['incident', 'incident_search'] loop
    execute format('drop policy seen on %I', t);
    execute format('create policy seen on %I for select to liandong_app using (sensitivity = 1 and origin = any (%s)'
      || ' or record_marks(num, origin, sensitivity, area) && %s)', t, work, beyond);
  end loop;
  -- As record_sensitive: which records have an area, and nothing else of them.
  create view record_area as select i.num, i.area, i.sensitivity from incident i where i.area is not null;
  grant select on record_area to liandong_app;
  drop policy seen on feed;
  execute format('create policy seen on feed for select to liandong_app using ('
    || 'origin = any (%s) and (select true from record_sensitive s where s.num = feed.num) is null'
    || ' or array[num, origin::int8 * 8 + (select s.sensitivity from record_sensitive s where s.num = feed.num),'
    || ' case when (select areas_any()) <> ''{}'' then (select -(a.area::int8 * 8 + a.sensitivity) from record_area a where a.num = feed.num) end] && %s)',
    work, beyond);
end $$;
