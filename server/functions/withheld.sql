-- Who may call what; the last of these files, so that it holds for all of them (they are carried out in the order of their names).
--
-- PostgreSQL lets everybody execute a new function, and `alter default privileges in schema … revoke` (0001_roles.sql) takes nothing of that
-- away: what holds everywhere can only be revoked everywhere. So it is taken back here, function by function. What runs under the caller's
-- own rights gives nobody anything, and the server's role keeps it; what runs under the owner's it may call where a grant says so, and not
-- otherwise. tests/contract/sql/test_withheld.py holds the list of those by name.
alter default privileges revoke execute on functions from public;
do $$
declare
  f record;
begin
  for f in select p.oid::regprocedure as name, p.prosecdef or p.prokind = 'p' as withheld from pg_proc p where p.pronamespace = 'liandong'::regnamespace and p.prokind in ('f', 'p') loop
    execute format('revoke execute on routine %s from public', f.name);
    if not f.withheld then
      execute format('grant execute on function %s to liandong_app', f.name);
    end if;
  end loop;
end $$;
