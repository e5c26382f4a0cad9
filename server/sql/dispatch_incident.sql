select * from incident_change(:request_id::uuid, :act::bytea, 'dispatch_incident', :incident::text, :base_version::int4,
  jsonb_build_object('dispatched_to', case when :add::bool and :dispatched_to::text <> '' then
      concat_ws('、', (select i.dispatched_to from incident_find(:incident::text) f join incident i using (num)), :dispatched_to::text) else :dispatched_to::text end,
    'dispatched_at', moment_text(:dispatched_at::timestamptz)),
  :note::text)
