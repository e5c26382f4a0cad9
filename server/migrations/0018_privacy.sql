-- Need-to-know while time passes: what ends by itself is noticed as what somebody changes is.

-- Whether somebody closed it (then an event tells of that), or its time was over, of which nothing in the feed tells: see record_lapsed.
alter table record_access add column closed bool not null default false;
create view record_lapsed as select a.account from record_access a where a.until <= statement_timestamp() and not a.closed;
grant select on record_lapsed to liandong_app;

-- An office that is closed is one of those things, and so is a day: on which day was worked out what holds by dates?
drop trigger changed on office;
create trigger changed after insert or delete or update of code, name, system, kind, parent, closed_on on office
  for each statement execute function directory_changed();
alter table directory_head add column worked_on date not null default '2020-01-01';
