-- Newest first. A record that is not there gives an empty page.
with page as materialized (
    select a.*, row_number() over (order by a.seq desc) as r
    from audit_page(page_int8(:page::bytea, 1), page_size(:limit::int4),
      case when :incident::text is not null
        then coalesce((select s.record from audit_subject(:incident::text) s), '00000000-0000-0000-0000-000000000000') end,
      :officer::text, :office::text, :device::text, :kind::text, :denied::bool, :from::timestamptz, :until::timestamptz, false) a
  )
select seq, at, kind, request, officer, account, device, office, office_name, no, level, fields, purpose, case_no, reason as why, count,
  (select int8send(min(p.seq)) from page p where p.r <= page_size(:limit::int4) and exists (select from page q where q.r > page_size(:limit::int4))) as next
from page
where r <= page_size(:limit::int4)
order by seq desc
