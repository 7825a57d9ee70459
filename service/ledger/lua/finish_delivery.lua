-- Records a try. Replies 1 (accepted, now or before with the same token) or 0 (stale).
local id = A.delivery
local key = NS .. 'delivery:' .. id
if call('HGET', key, 'token') ~= A.token then return call('HGET', key, 'last_token') == A.token and 1 or 0 end
call('HDEL', key, 'token')
call('HSET', key, 'last_token', A.token)
call('ZREM', NS .. 'wl', id)
if A.released then
  L.chat_unused(key)
  call('ZADD', NS .. 'wq', NOW, id)
  return 1
end
call('HINCRBY', key, 'attempts', 1)
call('RPUSH', key .. ':log', L.time(NOW) .. ' ' .. A.log)
call('LTRIM', key .. ':log', -20, -1)

if L.chat_learn(key, A.posted, A.gone) then
  call('HSET', key, 'next_at', L.time(NOW))
  call('ZADD', NS .. 'wq', NOW, id)
  return 1
end
local endpoint = L.get(key, 'endpoint_id')
local place = NS .. 'endpoint:' .. endpoint
local known = endpoint ~= '' and call('EXISTS', place) == 1
if A.succeeded then
  L.delivery_state(id, 'succeeded')
  call('HDEL', key, 'secrets')
  if known then call('HDEL', place, 'failing_since', 'failures', 'paused_until') end
  return 1
end
if known then
  local since = L.num(place, 'failing_since', NOW)
  call('HSET', place, 'failing_since', L.time(since))
  -- One failure after another, of whatever delivery: the endpoint rests, twice as long each time.
  local failures = call('HINCRBY', place, 'failures', 1)
  if failures >= O.breaker then
    local rest = math.min(O.breaker_longest, O.breaker_seconds * 2 ^ math.min(failures - O.breaker, 20))
    call('HSET', place, 'paused_until', L.time(NOW + rest))
  end
  if A.gone then
    L.disable_endpoint(endpoint, 'gone')
  elseif NOW - since > O.failing then
    L.disable_endpoint(endpoint, 'failing')
  end
end
if A.gone or A.delay < 0 then
  L.delivery_state(id, 'failed')
  call('HDEL', key, 'secrets')
else
  call('HSET', key, 'next_at', L.time(NOW + A.delay))
  call('ZADD', NS .. 'wq', NOW + A.delay, id)
end
return 1
