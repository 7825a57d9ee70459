-- Starts a delivery's schedule again, with the same id. Replies 1, or 0 when unknown. One under a lease is left alone.
local key = NS .. 'delivery:' .. A.delivery
if call('EXISTS', key) == 0 then return 0 end
if call('HGET', key, 'token') then return 1 end
L.delivery_state(A.delivery, 'pending')
call('HSET', key, 'attempts', 0, 'next_at', L.time(NOW))
call('ZADD', NS .. 'wq', NOW, A.delivery)
return 1
