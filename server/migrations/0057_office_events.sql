-- How many of a record's events one office makes at most: three quarters, so that nobody fills a record before the other side can write in it.
insert into record_limit(what, most) values ('event_office', 3750);
