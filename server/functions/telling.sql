-- What terminals are told of without asking. Behind the functions that the view calls, for those it needs when it is made.

-- What nodes tell terminals of by themselves, with what they need to know of whom: one row for each office that an alert waits for. Of an office
-- that has somebody on duty only these are told at first, with a rule for HEAD its heads as well, and everybody once it came to none of their
-- terminals or nobody acknowledged. As feed_told: the nodes must read all to sort it out.
create or replace view alert_notice as
  select a.id, record_no(a.num) as no, a.version, a.state, a.status, a.kind, a.severity, a.urgency, a.certainty, a.title,
    case when char_length(a.content) > 500 then left(a.content, 499) || '…' else a.content end as content, told('place', a.place, false) as place,
    a.people_count, record_no(a.about) as about, record_no(a.supersedes) as supersedes, a.escalation, a.escalated_at, a.expires_at,
    array(select w.name from alert_office t join office w on w.id = t.office where t.num = a.num order by t.step, w.code) as whom,
    o.code as origin_office, o.name as origin_office_name, a.created_by, a.created_at, a.sensitivity,
    a.num as record_num, a.origin as record_origin, a.area as record_area, t.office as to_office, t.leaders as heads_only,
    case when a.escalation = 0 and t.widened_at is null then (select array_agg(distinct s.account) filter (where n.on_duty or n.head)
      from assignment s cross join lateral (select exists (select from duty d where d.account = s.account and d.since <= statement_timestamp()
          and d.until > statement_timestamp()) as on_duty, s.role in (3, 5) and (alert_rule_now(a.rule)).whom = 'HEAD' as head) n
      where s.office = t.office and s.started_on <= today() and (s.ended_on is null or s.ended_on > today())
      having bool_or(n.on_duty)) end as accounts,
    p.id as place_record, p.place as place_sealed, a.events[cardinality(a.events)] as seq
  from alert a join alert_office t using (num) join office o on o.id = a.origin
    left join lateral (  -- where it is: of the alert that it updates, of what it is about, of the last alarm that a dispute is about
      select x.id, x.place from (
        (with recursive former as (select f.* from alert f where f.num = a.supersedes
           union all select f.* from former l join alert f on f.num = l.supersedes where l.place is null)
         select 1 as rank, f.id, f.place from former f)
        union all select 2, i.id, i.place from incident i where i.num = a.about and i.sensitivity <= a.sensitivity
        union all select 3, d.id, d.place from dispute d where d.num = a.about and d.sensitivity <= a.sensitivity
        union all (select 4, i.id, i.place from record_link l join incident i on i.num = l.incident
          where l.dispute = a.about and l.undone_at is null and i.place is not null and i.sensitivity <= a.sensitivity order by i.num desc limit 1)) x
      where x.place is not null order by x.rank limit 1) p on a.place is null
  where a.state = 1;
-- Of each office the newest and the gravest: thousands that nobody acknowledged would keep each look and each terminal busy.
create or replace view alert_told as
  select n.*
  from (select x.num, y.office, row_number() over (partition by y.office order by x.num desc) as newest,
          row_number() over (partition by y.office order by x.severity, x.escalation desc, x.num desc) as gravest
        from alert x join alert_office y using (num) where x.state = 1) w
    join alert_notice n on n.record_num = w.num and n.to_office = w.office
  where least(w.newest, w.gravest) <= 100;
grant select on alert_notice, alert_told to liandong_app;
