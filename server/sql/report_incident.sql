-- Batch: every parameter is an array with one element per report of the commit group. See report_incidents in functions/report.sql.
select ord, outcome, reason, field, id, no, version, state, at, replay, repeated as repeat_count
from report_incidents(:request_id::uuid[], :act::bytea[], :caller_office::int4[], :caller_device::int8[], :caller_officer::text[],
  :source::int2[], :class::int2[], :level::int2[], :external_no::text[], :occurred_at::timestamptz[], :received_at::timestamptz[],
  :place::text[], :longitude::float8[], :latitude::float8[], :reporter::text[], :reporter_phone::text[], :content::text[],
  :threats::text[], :mass_count::int4[], :phone_index::bytea[], :place_index::bytea[], :place_pairs::bytea[],
  :caller_account::int8[], :caller_role::int4[], :area::text[])
