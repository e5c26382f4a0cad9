-- Repeated alarms and suspected duplicates: see functions/proposal.sql. Few at a time: each holds the pen some 50 ms (with links, events, alert),
-- and reports wait meanwhile.
select proposal_catch_up(2000, 3) as looked
