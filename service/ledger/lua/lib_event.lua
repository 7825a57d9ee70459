-- Events and the webhook outbox: L.emit writes the job's stream, the feed and one delivery an interested receiver.

-- at: {job=, lab=, step=, node=}; data: JSON text. Returns the event's id.
function L.emit(kind, at, data)
  local fields = { 'type', kind, 'at', L.time(NOW), 'job', at.job or '', 'lab', at.lab or '', 'step', at.step or '',
    'node', at.node or '', 'data', data or '{}' }
  local id = call('XADD', NS .. 'feed', 'MAXLEN', '~', O.feed, '*', unpack(fields))
  if at.job and at.job ~= '' and call('EXISTS', L.job(at.job)) == 1 then -- labs outlive the jobs that made them
    -- The same id in both: the feed's ids only rise, so the job's do too.
    call('XADD', L.job(at.job) .. ':ev', 'MAXLEN', '~', O.events, id, unpack(fields))
  end
  L.outbox(id, kind, at.job or '', fields)
  return id
end

function L.outbox(event, kind, job, fields)
  local family = string.match(kind, '^[^.]+') .. '.*'
  local receivers = call('SUNION', NS .. 'sub:' .. kind, NS .. 'sub:' .. family, NS .. 'sub:*')
  for _, endpoint in ipairs(receivers) do L.deliver(event, endpoint, '', fields) end
  if job ~= '' then L.call_back(event, kind, job, family, fields) end
end

-- A job's callback hears of the job's own events unless it names its types.
function L.call_back(event, kind, job, family, fields)
  local found = call('HMGET', L.job(job), 'callback_url', 'callback_types', 'chat')
  if found[3] and found[3] ~= '' then L.tell(event, kind, job, fields, found[3]) end
  if not found[1] or found[1] == '' then return end
  local types = found[2] ~= '' and L.split(found[2]) or { 'job.*' }
  for _, wanted in ipairs(types) do
    if wanted == kind or wanted == family or wanted == '*' then
      L.deliver(event, '', found[1], fields)
      return
    end
  end
end

-- Writes one delivery. Its id sorts by time, then by a running number, and ends in a hash of event and receiver.
function L.deliver(event, endpoint, url, fields)
  local receiver = endpoint ~= '' and endpoint or url
  local number = call('INCR', NS .. 'delivery_number') % 65536
  local id = string.format('wd_%012x%04x', math.floor(NOW * 1000), number)
    .. string.sub(redis.sha1hex(event .. '|' .. receiver), 1, 10)
  local key, due = NS .. 'delivery:' .. id, NOW + O.first_delay
  call('HSET', key, 'id', id, 'endpoint_id', endpoint, 'url', url, 'event_id', event, 'state', 'pending', 'attempts', 0,
    'fence', 0, 'created_at', L.time(NOW), 'next_at', L.time(due), unpack(fields))
  call('ZADD', NS .. 'wq', due, id)
  local list = NS .. 'ix:delivery:'
  call('ZADD', list .. 'all', NOW, id)
  call('ZADD', list .. 'state:pending', NOW, id)
  if fields[6] ~= '' then call('ZADD', list .. 'job:' .. fields[6], NOW, id) end
  if endpoint ~= '' then
    call('ZADD', list .. 'endpoint:' .. endpoint, NOW, id)
    L.bound_deliveries(list .. 'endpoint:' .. endpoint)
  end
  return id
end

-- An endpoint keeps its newest deliveries only; what falls off was undelivered for days or is long done.
function L.bound_deliveries(index)
  local over = call('ZCARD', index) - O.deliveries
  if over <= 0 then return end
  for _, id in ipairs(call('ZRANGE', index, 0, math.min(over, 50) - 1)) do L.drop_delivery(id) end
end

function L.drop_delivery(id)
  local key, list = NS .. 'delivery:' .. id, NS .. 'ix:delivery:'
  local found = call('HMGET', key, 'endpoint_id', 'job', 'state')
  call('ZREM', NS .. 'wq', id)
  call('ZREM', NS .. 'wl', id)
  call('ZREM', list .. 'all', id)
  if found[1] then call('ZREM', list .. 'endpoint:' .. found[1], id) end
  if found[2] then call('ZREM', list .. 'job:' .. found[2], id) end
  if found[3] then call('ZREM', list .. 'state:' .. found[3], id) end
  call('DEL', key, key .. ':log')
end

function L.delivery_state(id, state)
  local key, list = NS .. 'delivery:' .. id, NS .. 'ix:delivery:state:'
  local created = L.num(key, 'created_at', NOW)
  call('ZREM', list .. L.get(key, 'state'), id)
  call('ZADD', list .. state, created, id)
  call('HSET', key, 'state', state)
  if state == 'pending' then
    call('HDEL', key, 'ended_at')
  else
    call('HSET', key, 'ended_at', L.time(NOW), 'next_at', '')
  end
end

-- Whether an endpoint rests after many failures in a row.
function L.rests(endpoint)
  return L.num(NS .. 'endpoint:' .. endpoint, 'paused_until', 0) > NOW
end

-- Starts a delivery's schedule again, with the same id; one under a lease is left alone. Replies whether it was started.
function L.restart_delivery(id)
  local key = NS .. 'delivery:' .. id
  if call('HGET', key, 'token') then return false end
  L.delivery_state(id, 'pending')
  call('HSET', key, 'attempts', 0, 'next_at', L.time(NOW))
  call('ZADD', NS .. 'wq', NOW, id)
  return true
end

-- Takes an endpoint out of the outbox. Its pending deliveries are cancelled when they come due.
function L.disable_endpoint(endpoint, reason)
  local key = NS .. 'endpoint:' .. endpoint
  if L.get(key, 'state') ~= 'active' then return end
  for _, kind in ipairs(L.split(L.get(key, 'types'))) do call('SREM', NS .. 'sub:' .. kind, endpoint) end
  call('HSET', key, 'state', 'disabled', 'disabled_reason', reason, 'updated_at', L.time(NOW))
  call('HINCRBY', key, 'version', 1)
  L.emit('endpoint.disabled', {}, '{"endpoint_id":' .. L.quote(endpoint) .. ',"reason":' .. L.quote(reason) .. '}')
end
