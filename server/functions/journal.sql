-- 工作记录: the feed once more, as acts that are cited (number of the record and its version after the act) and searched for, newest first.
-- Row-level security says which of them the caller sees.

-- Events below `before` that fit, `most` and one more; of all records no more than `window` events are looked at, so that a rare word in a
-- long feed gives several pages, one of which may be empty, and never an answer that doesn't come. `last`: where the next page goes on; NULL: nowhere.
create or replace function journal_page(of_num int8, before int8, most int4, by_officer text, by_office text, of_kinds text[], from_at timestamptz, until_at timestamptz, words text)
  returns table(seq int8, num int8, last int8) stable language plpgsql as $$
#variable_conflict use_column
declare
  "window" constant int8 := 200000;
  high int8 := least(coalesce(before, 9223372036854775807) - 1, case when until_at is null then (select h.seq from feed_head h) else feed_before(until_at) end);
  floor int8 := case when from_at is null then 0 else feed_before(from_at) end;
  low int8 := case when of_num is null then greatest(floor, high - "window") else floor end;
begin
  return query
    with hits as materialized (
      select f.seq, f.num, row_number() over (order by f.seq desc) as n from feed f
      where f.seq > low and f.seq <= high and f.num > 0
        and (of_num is null or f.seq = any (array(select unnest(r.events) from any_record r where r.num = of_num)))
        and (by_officer is null or by_officer in (f.officer, split_part(f.officer, ' ', 1), substring(f.officer from '[^ ]+$')))
        and (by_office is null or f.office = by_office) and (of_kinds is null or cardinality(of_kinds) = 0 or f.kind = any (of_kinds))
        and (words is null or strpos(f.note, words) > 0)
      order by f.seq desc limit most + 1
    ), ends as (
      select case when exists (select from hits h where h.n > most) then (select h.seq from hits h where h.n = most) when low > floor then low + 1 end as at
    )
    select h.seq, h.num, e.at from ends e left join hits h on h.n <= most order by h.seq desc;
end $$;

-- Writes down which records of S2 and above a page tells of: each person's once an hour.
create or replace function journal_read(nums int8[]) returns void language plpgsql security definer set search_path = liandong, pg_catalog, pg_temp as $$
declare
  r any_record;
  entry audit;
begin
  for r in
    select x.* from any_record x where x.num = any (nums) and x.sensitivity >= 2 and not exists (select from audit a where a.record = x.id and a.kind = 'list_journal'
      and a.account = coalesce(caller_account(), 0) and a.device = coalesce(caller_device(), 0) and a.at > clock_timestamp() - interval '1 hour')
    order by x.num
  loop
    entry := null;
    entry.kind := 'list_journal'; entry.request := 'list_journal'; entry.record := r.id; entry.no := record_no(r.num); entry.level := r.sensitivity;
    perform audit_append(entry);
  end loop;
end $$;
grant execute on function journal_read(int8[]) to liandong_app;
