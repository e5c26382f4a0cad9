select c.*, dispute_waits(c.no, 'close_dispute') as waits_for
from record_change(:request_id::uuid, :act::bytea, 2::int2, 'close_dispute', :dispute::text, :base_version::int4,
  '{}', :note::text) c
