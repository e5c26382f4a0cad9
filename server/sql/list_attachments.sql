-- Of one record, newest first. Its reader is written down where the record is sensitive: see audit_read.
with found as materialized (select * from record_find(:record::text, null)),
  hits as materialized (
    select a.id, row_number() over (order by a.id desc) as n from found join attachment a using (num)
    where a.id < coalesce(page_int8(:page::bytea, 1), 9223372036854775807)
    order by a.id desc limit page_size(:limit::int4) + 1
  ),
  answer as materialized (
    select r.id as sealed_record, audit_read('list_attachments', :record::text, f.reason, r.id, record_no(r.num), r.sensitivity, null) as reason
    from found f left join any_record r using (num)
  )
select t.*, answer.reason, answer.sealed_record,
  (select int8send(l.id) from hits l where l.n = page_size(:limit::int4) and exists (select from hits m where m.n > l.n)) as next
from answer left join (hits h join attachment a using (id) cross join lateral attachment_record(a) t) on h.n <= page_size(:limit::int4)
where h.n is not null or answer.reason is not null
order by h.n
