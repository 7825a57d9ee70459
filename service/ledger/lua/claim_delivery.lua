-- Takes the delivery that is due longest. Those of disabled or deleted endpoints are cancelled on the way, those of an
-- endpoint that rests are put off to the end of its rest; after it, one goes ahead alone.
for _, id in ipairs(call('ZRANGEBYSCORE', NS .. 'wq', '-inf', NOW, 'LIMIT', 0, 200)) do
  local key = NS .. 'delivery:' .. id
  call('ZREM', NS .. 'wq', id)
  local endpoint = L.get(key, 'endpoint_id')
  if call('EXISTS', key) == 1 and endpoint ~= '' and L.get(NS .. 'endpoint:' .. endpoint, 'state') ~= 'active'
    and L.get(key, 'type') ~= 'endpoint.pinged' then
    L.delivery_state(id, 'cancelled')
  elseif endpoint ~= '' and call('EXISTS', key) == 1 and L.rests(endpoint) and L.get(key, 'type') ~= 'endpoint.pinged' then
    local until_then = L.num(NS .. 'endpoint:' .. endpoint, 'paused_until', NOW)
    call('ZADD', NS .. 'wq', until_then, id)
    call('HSET', key, 'next_at', L.time(until_then))
  elseif call('EXISTS', key) == 1 and not L.put_off(id, key, endpoint) then
    if endpoint ~= '' and L.num(NS .. 'endpoint:' .. endpoint, 'failures', 0) >= O.breaker then
      call('HSET', NS .. 'endpoint:' .. endpoint, 'paused_until', L.time(NOW + A.lease))
    end
    local fence = call('HINCRBY', key, 'fence', 1)
    local token = fence .. ':' .. A.worker .. ':' .. A.nonce
    call('HSET', key, 'token', token)
    call('ZADD', NS .. 'wl', NOW + A.lease, id)
    local row = call('HGETALL', key)
    local source = endpoint ~= '' and NS .. 'endpoint:' .. endpoint or L.job(L.get(key, 'job'))
    local origin = call('HMGET', L.job(L.get(key, 'job')), 'request_id', 'traceparent', 'tracestate')
    local secrets = call('HMGET', source, endpoint ~= '' and 'body' or 'secrets')[1] or '{}'
    for _, value in ipairs({ 'lease_deadline', L.time(NOW + A.lease), endpoint ~= '' and 'x_endpoint' or 'x_secrets',
      secrets, 'x_request_id', origin[1] or '', 'x_traceparent', origin[2] or '', 'x_tracestate', origin[3] or '', 'x_about',
      L.is_told(key, endpoint) and L.about(L.get(key, 'job')) or '{}' }) do
      row[#row + 1] = value
    end
    return row
  end
end
return nil
