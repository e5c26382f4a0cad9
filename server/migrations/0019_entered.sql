-- Whoever enters a record that starts above what the own role sees (a tip, S3) goes on seeing it for so long: the shift, and the calls that
-- come back. The row of the latest day that has come holds; 0 days: not at all.
create table entered_rule(
  since date primary key,
  days int4 not null check (days between 0 and 3660));
insert into entered_rule values ('2020-01-01', 7);
grant select on entered_rule to liandong_app;
