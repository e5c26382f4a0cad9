-- Who asks, and what they see of what others enter.

-- The caller, as the server set it for this transaction from the certificate. Absent: nobody, who sees nothing.
create or replace function caller_office() returns int4 stable parallel safe language sql as $$
  select nullif(current_setting('liandong.office', true), '')::int4
$$;

create or replace function caller_device() returns int8 stable parallel safe language sql as $$
  select nullif(current_setting('liandong.device', true), '')::int8
$$;

create or replace function caller_officer() returns text stable parallel safe language sql as $$
  select nullif(current_setting('liandong.officer', true), '')
$$;

create or replace function caller_account() returns int8 stable parallel safe language sql as $$
  select nullif(current_setting('liandong.account', true), '')::int8
$$;
create or replace function caller_login() returns uuid stable parallel safe language sql as $$
  select nullif(current_setting('liandong.login', true), '')::uuid
$$;
create or replace function caller_role() returns int2 stable parallel safe language sql as $$
  select nullif(current_setting('liandong.role', true), '')::int2
$$;

-- The one predicate of need-to-know, in two forms: whose entries the caller sees, and whether an entry of `origin` is among them.
-- show, list, search, history, feed page, snapshot and every write go through it; what it hides is answered as "not found".
-- In plpgsql, as all small functions here that read a table: such a function's plan is kept for the session, whereas one in SQL is
-- planned again by every statement that calls it (some 500 us), unless it is a single expression, which the planner inlines.
create or replace function sees(reader int4) returns int4[] stable parallel safe language plpgsql as $$
begin
  return (select o.sees from office o where o.id = reader);
end $$;

create or replace function caller_sees() returns int4[] stable parallel safe language sql as $$
  select sees(caller_office())
$$;

create or replace function visible(origin int4) returns bool stable parallel safe language sql as $$
  select coalesce(origin = any (caller_sees()), false)
$$;

grant execute on function caller_office(), caller_device(), caller_officer(), caller_role(), caller_account(), caller_login(),
  sees(int4), caller_sees(), visible(int4) to liandong_app;
