-- The audit is written by its functions alone, which run as the owner (functions/audit.sql): who has the server's own role and types SQL can
-- add an entry in a caller's name, as the server does, but can't write a row of his own making or move the head that the next one is
-- chained to. What is signed stays open to the runtime role: without the key of audit_key a signature of its making is none.
revoke insert on audit from liandong_app;
revoke update on audit_head from liandong_app;
revoke insert, update on audit_flood from liandong_app;
