-- The key under which feed positions become cursors: the same for all nodes.
select value from secret where name = 'cursor'
