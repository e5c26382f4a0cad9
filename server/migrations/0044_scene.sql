-- Who is already on the scene is joined by others: dispatch_incident with `add`, or sent instead of whom was named before.
insert into incident_transition(kind, from_state, to_state, systems, roles, levels, origin_only, reason_required, required, stamp)
select 'dispatch_incident', s, s, array[1], array[1, 2, 3], null, false, false, array['dispatched_to'], null from unnest(array[3, 4]) s;
