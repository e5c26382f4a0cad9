select a.id as attachment, x.n * a.chunk::int8 as "offset", x.bytes, r.id as sealed_record,
  case when a.attached_at is null then 'NOT_FOUND'
    when not exists (select from attachment_reading g where g.attachment = a.id and g.until > clock_timestamp()) then 'NOT_BEGUN'
    when x.n is null then 'WRONG_OFFSET offset' end as reason
from (select :attachment::int8 as wanted, :offset::int8 as begins) asked
  left join attachment a on a.id = asked.wanted
  left join any_record r on r.num = a.num
  left join attachment_chunk x on x.attachment = a.id and x.n = asked.begins / a.chunk and asked.begins % a.chunk = 0
