-- Disputes (矛盾纠纷): what only they know. See record.sql for the rest.

create or replace function dispute_prepare(wanted text, before jsonb, given jsonb, moment timestamptz, out patch jsonb, out field text, out reason text)
  stable language plpgsql as $$
begin
  patch := given;
  if before is null then
    patch := '{"complexity": 2, "track": 1, "joint_required": false, "reopened_n": 0, "warning": 2, "source": 2}' || given;
    if char_length(btrim(coalesce(given ->> 'title', ''))) < 2 then
      field := 'title';
      reason := case when coalesce(btrim(given ->> 'title'), '') = '' then 'REQUIRED' else 'TOO_SHORT' end;
    end if;
  end if;
  if wanted = 'note_dispute' and coalesce(btrim(given ->> 'note'), '') = '' then
    field := 'note';
    reason := 'REQUIRED';
  end if;
  if reason is null then
    select * into patch, field, reason from beside_prepare(wanted, before, patch, moment);
  end if;
end $$;

create or replace function dispute_follow(wanted text, before jsonb, after jsonb, given jsonb, event feed) returns void language plpgsql as $$
begin
  perform beside_follow(wanted, before, after, given, event);
end $$;

-- As the protocol's message Dispute tells it. Inlined by the planner.
create or replace function dispute_record(d dispute)
  returns table(id uuid, no text, version int4, state int2, warning int2, type int2, subtype text, source int2, title text, content text, place text,
    people_count int4, amount_fen int8, complexity int2, track int2, joint_required bool, lead_office text, lead_office_name text, consent text,
    accepted_at timestamptz, due_at timestamptz, extended_to timestamptz, outcome int2, outcome_note text, concluded_at timestamptz,
    closed_police text, closed_judicial text, closed_at timestamptz, archived_at timestamptz, checklist text, reopened_n int4,
    origin_office text, origin_office_name text, created_by text, created_at timestamptz, updated_by text, updated_at timestamptz, sensitivity int2,
    area text, area_name text)
  stable parallel safe language sql as $$
  select d.id, record_no(d.num), d.version, d.state, d.warning, d.type, d.subtype, d.source, d.title, d.content, told('place', d.place, false),
    d.people_count, d.amount_fen, d.complexity, d.track, d.joint_required, l.code, l.name, d.consent, d.accepted_at, d.due_at, d.extended_to,
    d.outcome, d.outcome_note, d.concluded_at, d.closed_police, d.closed_judicial, d.closed_at, d.archived_at, d.checklist, d.reopened_n,
    o.code, o.name, d.created_by, d.created_at, d.updated_by, d.updated_at, d.sensitivity, a.code, a.name
  from office o left join area a on a.id = d.area left join office l on l.id = d.lead_office where o.id = d.origin
$$;
