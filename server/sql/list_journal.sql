-- See functions/journal.sql. Of one record that is old its reader counts as with its history: row_read.
with found as materialized (select x.num, x.reason from (select :record::text as named) asked
    left join lateral record_find(asked.named, null) x on asked.named is not null),
  refused as materialized (
    select f.num, case when :office::text is not null and not exists (select from office o where o.code = :office::text) then 'UNKNOWN_VALUE office'
      when :record::text is not null then audit_read('list_journal', :record::text, coalesce(f.reason, row_read('list_journal', i)), null, null, 0::int2, null) end as reason
    from found f left join incident i using (num)
  ),
  page as materialized (
    select p.* from refused r cross join lateral journal_page(r.num, page_int8(:page::bytea, 1), page_size(:limit::int4), :officer::text, :office::text, :kinds::text[],
      :from::timestamptz, :until::timestamptz, :text::text) p
    where r.reason is null
  ),
  counted as materialized (select journal_read(array(select distinct p.num from page p where p.num is not null)) is null as done)
select f.no || '/' || f.version as cite, f.at, f.kind, f.office, f.office_name, f.officer, f.changed as fields,
  numbers_hidden(f.note, coalesce(identity_shown(i), true)) as note, r.reason, int8send(p.last) as next
from refused r cross join counted left join page p on true left join feed f using (seq) left join incident i on i.num = p.num
where p.seq is not null or p.last is not null or r.reason is not null
order by p.seq desc
