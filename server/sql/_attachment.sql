-- Which record an attachment is begun for or belongs to, and how far it came: asked before a chunk is sealed for it.
select r.id, f.reason, a.received, a.chunk, a.size, a.hash
from (select :record::text as named, :attachment::int8 as wanted) asked
  left join attachment a on a.id = asked.wanted
  cross join lateral (select x.num, x.reason from record_find(asked.named, null) x where asked.wanted is null
    union all select a.num, case when a.id is null then 'NOT_FOUND' end where asked.wanted is not null) f
  left join any_record r on r.num = f.num
