-- How many alerts the people of one office raise within a minute: each fills the screens of the other side.
insert into record_limit(what, most) values ('alert_minute', 60);
