-- Takes a worker off the list.
call('ZREM', NS .. 'workers', A.name)
call('DEL', NS .. 'worker:' .. A.name)
return 1
