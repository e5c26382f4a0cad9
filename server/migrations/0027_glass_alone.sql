-- Break-glass on one's own word goes so far; beyond, a head agrees to each record. See functions/glass.sql.
alter table glass_rule add column alone_most int4 not null default 3 check (alone_most >= 0);  -- records within scene_hours
create index glass_review_account on glass_review(account, opened_at);
