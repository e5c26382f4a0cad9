-- Two roles. The owner (whoever runs the migrations) makes and changes tables. liandong_app, as which the server works, gets in
-- each migration exactly the rights it needs: no DDL, no DELETE anywhere, and on the feed nothing but INSERT and SELECT, so that
-- not even a broken server can rewrite what was said.
do $$
begin
  if not exists (select from pg_roles where rolname = 'liandong_app') then
    if not (select rolsuper or rolcreaterole from pg_roles where rolname = current_user) then
      raise exception '缺少数据库角色 liandong_app，且当前角色 % 无权建立。请数据库管理员执行：create role liandong_app login', current_user;
    end if;
    create role liandong_app login;
  end if;
  if (select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb from pg_roles where rolname = 'liandong_app') then
    raise exception '数据库角色 liandong_app 权限过大。请数据库管理员执行：alter role liandong_app nosuperuser nobypassrls nocreaterole nocreatedb';
  end if;
end $$;

create schema if not exists liandong;
revoke all on schema liandong from public;
grant usage on schema liandong to liandong_app;
alter default privileges in schema liandong revoke execute on functions from public;

-- The runner's own record: the server reads it to see that the schema is the one it was written for.
do $$
begin
  if to_regclass('liandong.migration') is not null then
    grant select on liandong.migration to liandong_app;
  end if;
end $$;

-- Thresholds and periods. The row of the latest day that has come holds: practice changes, and yesterday's acts were right by
-- yesterday's rule.
create table threshold(
  since date primary key,
  repeat_days int4 not null check (repeat_days between 1 and 3660),  -- reports of the same phone or place within so many days are repeated ones
  repeat_most int4 not null check (repeat_most > 0),                 -- and are counted up to this number
  future_minutes int4 not null check (future_minutes >= 0));         -- a moment further in the future than this is an error of typing
grant select on threshold to liandong_app;
insert into threshold values ('2020-01-01', 30, 200, 1440);

-- What all nodes must share and no client may know.
create table secret(
  name text primary key,
  value bytea not null);
grant select on secret to liandong_app;
-- 16 bytes: the AES-128 key under which a feed position becomes an opaque cursor. Two random UUIDs carry 244 random bits.
insert into secret values ('cursor', substr(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 1, 16));
