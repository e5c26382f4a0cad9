-- Brings the search index up to date behind the writing; see 0006_search.sql. Run it on a reader's connection when idle or once a
-- second, again at once while it returns :limit.
select search_catch_up(:limit::int4) as indexed
