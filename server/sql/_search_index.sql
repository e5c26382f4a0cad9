-- Brings the search index up to date behind the writing; see 0006_search.sql. Run it on a reader's connection when idle or once a
-- second, again at once while it returns :limit. behind: how many were waiting before (not counted over a new year).
select search_catch_up(:limit::int4) as indexed,
  (select greatest(h.number - s.done % 1000000000, 0)::int4 from feed_head h, search_head s) as behind
