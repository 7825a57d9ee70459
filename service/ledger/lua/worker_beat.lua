-- Notes that a worker lives; it is forgotten when it stays silent for `ttl` seconds.
local key = NS .. 'worker:' .. A.name
call('HSETNX', key, 'started_at', L.time(NOW))
call('HSET', key, 'name', A.name, 'seen_at', L.time(NOW), 'info', A.info)
call('ZADD', NS .. 'workers', NOW + A.ttl, A.name)
return 1
