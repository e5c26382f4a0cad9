-- Who was told sensitive fields of one record, and who was refused, newest first.
with subject as materialized (select * from audit_subject(:incident::text)),
  page as materialized (
    select a.*, row_number() over (order by a.seq desc) as r
    from subject s cross join lateral audit_page(page_int8(:page::bytea, 1), page_size(:limit::int4), s.record, null, null, null, null, false,
      null, null, true) a
    where s.record is not null
  )
select p.seq, p.at, p.kind, p.request, p.officer, p.account, p.device, p.office, p.office_name, p.no, p.level, p.fields, p.purpose, p.case_no,
  p.reason as why, p.count, s.reason,
  (select int8send(min(x.seq)) from page x where x.r <= page_size(:limit::int4) and exists (select from page q where q.r > page_size(:limit::int4))) as next
from subject s left join page p on p.r <= page_size(:limit::int4)
where p.seq is not null or s.reason is not null
order by p.seq desc
