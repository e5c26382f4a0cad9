-- Disputes that are marked by their subtype (dispute_mark): domestic violence. It is visited for its time whatever becomes of the dispute, the
-- police are asked for what protects the victim, who that is is told to fewer, and when it happens again both sides hear of it at once.

create or replace function dispute_mark_of(of_subtype text) returns dispute_mark stable language plpgsql as $$
begin
  return (select m from dispute_mark m where m.subtype = of_subtype and m.started_on <= today() and (m.ended_on is null or m.ended_on > today())
    order by m.started_on desc limit 1);
end $$;
-- Which subtypes are marks, today.
create or replace function dispute_marks() returns text[] stable language plpgsql as $$
begin
  return coalesce((select array_agg(m.subtype) from dispute_mark m where m.started_on <= today() and (m.ended_on is null or m.ended_on > today())), '{}');
end $$;
-- A subtype in the record's own word for it.
create or replace function mark_word(subtype text) returns text stable language plpgsql as $$
begin
  return coalesce((select m.subtype from dispute_mark m
    where translate(upper(normalize(btrim($1), NFKC)), '- ', '__') = any (m.words || m.subtype)
      and m.started_on <= today() and (m.ended_on is null or m.ended_on > today())
    order by m.started_on desc limit 1), subtype);
end $$;

-- Clocks of a dispute that its course pauses, resumes and stops: all but the visits of its mark.
create or replace function dispute_rules(of_num int8) returns setof text stable language plpgsql as $$
begin
  return query select c.rule from clock c join dispute d on d.num = c.num
    where c.num = of_num and c.stopped_at is null and c.rule <> all (coalesce((dispute_mark_of(d.subtype)).visits, '{}')) order by c.id;
end $$;
create or replace function dispute_stop(of_num int8, moment timestamptz) returns void language sql as $$
  select clock_stop(of_num, r, moment) from dispute_rules(of_num) r
$$;

-- It was marked, or is so no longer.
create or replace function mark_follow(before jsonb, after jsonb, event feed) returns void language plpgsql as $$
declare
  old dispute_mark := dispute_mark_of(before ->> 'subtype');
  new dispute_mark := dispute_mark_of(after ->> 'subtype');
  station int4;
begin
  if before ->> 'subtype' is not distinct from after ->> 'subtype' then
    return;
  end if;
  perform clock_stop(event.num, r, event.at) from unnest(old.visits) r;
  perform clock_start(event.num, r, event.at) from unnest(new.visits) r;
  station := (select o.id from office o where o.system = 1 and o.id = any (event.origin || alert_paired(event.origin))
    order by o.id = event.origin desc, o.id limit 1);
  if new.task is not null and station is not null then
    perform task_make(event.num, station, coalesce(title_cut(new.task || ' ' || event.no || '：' || record_said(after)), format('一项任务 %s：内容见任务', event.no)),
      event.at + make_interval(secs => new.task_seconds), event.request_id, 6, event.at, case when record_said(after) is null then new.task end);
  end if;
end $$;

-- It happened again: the alert first, and the colour without one of its own. `n` and the one after it: as of record_derived.
create or replace function mark_relapse(after jsonb, why text, event feed, n int4) returns void language plpgsql as $$
declare
  mark dispute_mark := dispute_mark_of(after ->> 'subtype');
begin
  if mark.subtype is null then
    return;
  end if;
  perform alert_auto(event.num, mark.alert, null, event.request_id, n, event.at, null, why);
  if dispute_gravity(mark.warning) > dispute_gravity((after ->> 'warning')::int2) then
    perform record_react(event.num, 'warn_dispute', jsonb_build_object('warning', mark.warning, 'alerted', true), event.at,
      record_derived(event.request_id, n + 1), mark.subtype || why);
  end if;
end $$;
