-- Records a try. Replies 1 (accepted, now or before with the same token) or 0 (stale).
local id = A.delivery
local key = NS .. 'delivery:' .. id
if call('HGET', key, 'token') ~= A.token then return call('HGET', key, 'last_token') == A.token and 1 or 0 end
call('HDEL', key, 'token')
call('HSET', key, 'last_token', A.token)
call('ZREM', NS .. 'wl', id)
if A.released then
  call('ZADD', NS .. 'wq', NOW, id)
  return 1
end
call('HINCRBY', key, 'attempts', 1)
call('RPUSH', key .. ':log', L.time(NOW) .. ' ' .. A.log)
call('LTRIM', key .. ':log', -20, -1)

local endpoint = L.get(key, 'endpoint_id')
local place = NS .. 'endpoint:' .. endpoint
local known = endpoint ~= '' and call('EXISTS', place) == 1
if A.succeeded then
  L.delivery_state(id, 'succeeded')
  if known then call('HDEL', place, 'failing_since') end
  return 1
end
if known then
  local since = L.num(place, 'failing_since', NOW)
  call('HSET', place, 'failing_since', L.time(since))
  if A.gone then
    L.disable_endpoint(endpoint, 'gone')
  elseif NOW - since > O.failing then
    L.disable_endpoint(endpoint, 'failing')
  end
end
if A.gone or A.delay < 0 then
  L.delivery_state(id, 'failed')
else
  call('HSET', key, 'next_at', L.time(NOW + A.delay))
  call('ZADD', NS .. 'wq', NOW + A.delay, id)
end
return 1
