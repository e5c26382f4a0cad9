-- The records that are not S1, and what they are.
select num, sensitivity from record_sensitive
