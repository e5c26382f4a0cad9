-- The on-scene timeline (现场时间线): what was done about an incident and the alerts about it, by everybody, in one order of time.

-- What belongs together: the incident, all alerts about it with those that they updated, the tasks about either. Of an alert about nothing, or
-- about what the caller does not see: the alert and its tasks.
create or replace function scene_records(of_num int8) returns int8[] stable language plpgsql as $$
declare
  nums int8[] := case record_type_of(of_num) when 4 then alert_family(of_num) else array[of_num] end;
begin
  nums := nums || array(select distinct i.num from alert a join incident i on i.num = a.about where a.num = any (nums));
  nums := array(select unnest(nums) union select a.num from alert a where a.about = any (nums) and record_type_of(a.about) = 1);
  return array(select unnest(nums) union select t.num from task t where t.about = any (nums));
end $$;

-- What an event says in words: what it is about, whom it names, how it ended. Sealed fields are not among these.
create or replace function scene_said(e feed) returns text stable language plpgsql as $$
declare
  fields text[] := array['linked', 'dispatched_to', 'title', 'people_count', 'undelivered', 'plan', 'asked', 'answered_by', 'result', 'outcome', 'review'];
  said text := (select string_agg(case c.field when 'people_count' then c.value || ' 人' else c.value end, '；' order by array_position(fields, c.field))
    from unnest(e.changed, e.new_values) as c(field, value)
    where c.field = any (fields) and c.value <> '' and not (c.field = 'title' and record_type_of(e.num) = 5) and not sealed(c.value));
  taken int2;
begin
  if e.kind = 'escalate_alert' then
    taken := (select c.value::int2 from unnest(e.changed, e.new_values) as c(field, value) where c.field = 'escalation');
    return (select string_agg(o.name, '、' order by o.code) from alert_office a join office o on o.id = a.office
      where a.num = e.num and a.step = (select max(x.step) from alert_office x where x.num = e.num and x.step <= taken));
  end if;
  return numbers_hidden(concat_ws('；',
    case when record_type_of(e.num) = 5 then (select concat_ws('：', case when t.to_office <> t.origin then o.name end, t.title) from task t join office o on o.id = t.to_office where t.num = e.num)
      when e.kind = 'report_incident' then (select left(i.content, 300) from incident i where i.num = e.num) end,
    said,
    case when strpos(coalesce(said, ''), btrim(e.note)) = 0 and not (e.officer = '系统' and record_type_of(e.num) = 4) then btrim(e.note) end), false);
end $$;
