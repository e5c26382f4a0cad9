-- A record that is addressed to an office is open to that office: the column that names it.
alter table record_type add column addressed text;

-- Transfers (移送): server/functions/transfer.sql.
create table transfer(
  about int8 not null,             -- incident or dispute
  from_office int4 not null,
  to_office int4 not null,
  mode int2 not null,              -- enum TransferMode
  title text not null,
  doc_no text,
  why text not null,
  returned_reason text,
  feedback text,
  lead_before int4,                -- of a dispute that is taken over
  sent_at timestamptz,
  delivered_at timestamptz,
  signed_at timestamptz,
  signed_by text,
  accepted_at timestamptz,
  returned_at timestamptz,
  feedback_at timestamptz,
  confirmed_at timestamptz,
  recalled_at timestamptz
) inherits (any_record);
call record_table(3::int2, 'transfer', 'YS');
update record_type set addressed = 'to_office' where type = 3;
create index transfer_to on transfer(to_office, created_at desc);
create index transfer_about on transfer(about);

insert into record_field(type, field)
select 3, f from unnest(array['about', 'from_office', 'to_office', 'mode', 'title', 'doc_no', 'why', 'returned_reason', 'feedback', 'delivered_at', 'signed_at', 'signed_by',
  'accepted_at', 'returned_at', 'feedback_at', 'confirmed_at', 'recalled_at']) f;
insert into record_transition(type, kind, from_state, to_state, systems, roles, side, reason_required, required, stamp)
select 3, t.kind, s, coalesce(t.to_state, s), t.systems, t.roles, t.side, t.reason_required, t.required, t.stamp
from (values
  ('send_transfer', array[0], 1, array[1, 2], array[1, 2, 3, 4, 5], null, true, null::text[], 'sent_at'),
  ('deliver_transfer', array[1], 2, array[1, 2, 3], array[1, 2, 3, 4, 5], 'to_office', false, null, 'delivered_at'),
  ('sign_transfer', array[1, 2], 3, array[1, 2, 3], array[1, 2, 3, 4, 5], 'to_office', false, null, 'signed_at'),
  ('accept_transfer', array[3], 4, array[1, 2, 3], array[2, 3, 4, 5], 'to_office', false, null, 'accepted_at'),
  ('return_transfer', array[3], 5, array[1, 2, 3], array[2, 3, 4, 5], 'to_office', true, null, 'returned_at'),
  ('feedback_transfer', array[4, 6], 6, array[1, 2, 3], array[1, 2, 3, 4, 5], 'to_office', false, array['feedback'], null),
  ('confirm_transfer', array[6], 7, array[1, 2], array[1, 2, 3, 4, 5], 'from_office', false, null, 'confirmed_at'),
  ('recall_transfer', array[1, 2], 8, array[1, 2], array[1, 2, 3, 4, 5], 'from_office', true, null, 'recalled_at')
) as t(kind, from_states, to_state, systems, roles, side, reason_required, required, stamp), unnest(t.from_states) s;
-- What is taken over changes its lead by that: no request of its own.
insert into record_transition(type, kind, from_state, to_state, systems, roles)
select 2, 'accept_transfer', s, s, '{1,2}', '{0}' from generate_series(1, 24) s;
