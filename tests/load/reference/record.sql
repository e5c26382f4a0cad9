-- What a report writes, and nothing of what it decides: the same two rows with the same index entries and the moved head, from values
-- made up here. No look-up, no rule, no chain, no messages. A mark to be held against, not a bound: values that came ready made would
-- cost less.
with report as materialized (
    select seq, body, 2026000000000 + seq as num, lpad(to_hex(seq), 32, '0')::uuid as id, clock_timestamp() as at,
      '建设南路' || seq * 2654435761 % 4096 || '号' || seq % 60 || '栋' as place, '139' || lpad((seq * 2654435761 % 100000000)::text, 8, '0') as phone,
      '~1.0123abcd.' || left(encode(sha256(seq::text::bytea), 'base64'), 22) || '.' || repeat('s', 43) as sealed,
      '邻居深夜装修发出噪音，双方在楼道发生争吵，要求民警到场处理。' as content
    from unnest($1::int8[], $2::bytea[]) as given(seq, body)
  ), head as (
    update feed_head set seq = (select max(r.seq) from report r), hash = '\x00'
  ), incidents as (
    insert into incident
    select num, id, 1, 1, 1, 6, 3, 'mark' || seq, at, at, null, null, null, null, place, 112.9, 27.8, sealed, sealed, content, null, 2, null, null,
      null, 1, '值班员', at, '值班员', at, null, 1, array[seq], 1, substr(sha256(phone::bytea), 1, 16)
    from report
  )
insert into feed
select seq, at, 'report_incident', id, 'JQ-2026-' || seq, 1, 1, 6, 3, 'station-0', '第0派出所', '值班员', place || ' ' || left(content, 30), null,
  null, null, null, null, 1, body, array[1, 2], sha256(body), num, 1, 1, 1, id
from report
