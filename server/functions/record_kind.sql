-- What differs from one kind of record to the next only by a name in it: the table, or <kind>_prepare and <kind>_follow (record_change.sql).
-- Written out here for each row of record_type, so that the plans are kept: put together when it is asked, each costs 0.1 to 0.25 ms, and an
-- alert that is raised asks some ten times (measured 2026-11). Made anew at every migration, for the columns stand in it.
--
--   record_row      a record as its columns; NULL where the caller does not see it
--   record_whole    the same, where the owner asks for everybody: a plan that row-level security is part of is thrown away whenever the next
--                   one asks as another role, so that who asked for both by one function paid 0.25 ms each time
--   record_put      writes it, new or changed; as the owner: part of record_store
--   record_prepare  the patch with what the kind itself adds, or what is wrong
--   record_follow   what else comes of it
--   record_own      the columns that only this kind has
do $$
declare
  f record;
begin
  for f in select * from (values
    ('record_row(of_num int8) returns jsonb stable', 1, 'record_type_of(of_num)',
     'return (select to_jsonb(r) from %1$I r where r.num = of_num);'),
    ('record_whole(of_num int8) returns jsonb stable', 1, 'record_type_of(of_num)',
     'return (select to_jsonb(r) from %1$I r where r.num = of_num);'),
    ('record_put(after jsonb, fresh bool) returns void', 2, 'record_type_of((after ->> ''num'')::int8)',
     'if fresh then
        insert into %1$I(%2$s) select %2$s from jsonb_populate_record(null::%1$I, after);
      else
        update %1$I r set (%2$s) = (select %2$s from jsonb_populate_record(null::%1$I, after)) where r.num = (after ->> ''num'')::int8;
      end if;'),
    ('record_prepare(of_type int2, wanted text, before jsonb, given jsonb, moment timestamptz, out patch jsonb, out field text, out reason text)', 2, 'of_type',
     'select p.patch, p.field, p.reason into patch, field, reason from %1$s_prepare(wanted, before, given, moment) p;'),
    ('record_follow(of_type int2, wanted text, before jsonb, after jsonb, given jsonb, event feed) returns void', 2, 'of_type',
     'perform %1$s_follow(wanted, before, after, given, event);'),
    ('record_own(of_type int2) returns text[] immutable', 2, 'of_type', 'return %3$L::text[];')) x(head, from_type, type_of, of_kind)
  loop
    execute format('create or replace function %s language plpgsql as $f$ begin case %s ', f.head, f.type_of)
      || (select string_agg(format('when ' || t.type || ' then ' || f.of_kind, t.name, c.columns, c.own), ' ' order by t.type)
          from record_type t cross join lateral (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns,
              array_agg(a.attname) filter (where a.attislocal) as own from pg_attribute a
            where a.attrelid = t.name::regclass and a.attnum > 0 and not a.attisdropped) c
          where t.type >= f.from_type)
      || ' end case; end $f$';
  end loop;
end $$;
