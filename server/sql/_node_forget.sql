-- Forgets lines and nodes that are over. Once a minute.
select node_forget() as gone
