-- How many records that were open to somebody by name are no longer, for their time is over.
select account, count(*)::int8 as lapsed from record_lapsed group by account
