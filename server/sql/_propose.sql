-- Repeated alarms and suspected duplicates: see functions/proposal.sql. Some at a time, so that reports never wait for many of them.
select proposal_catch_up(2000, 20) as looked
