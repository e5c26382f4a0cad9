-- Repeated alarms and suspected duplicates: see functions/proposal.sql.
select * from proposal_catch_up(2000)
