-- Events and the webhook outbox: L.emit writes the job's stream, the feed and one delivery an interested receiver.

-- at: {job=, lab=, step=, node=, tenant=}; data: JSON text. Returns the event's id. An event is its job's tenant's; where
-- the job is gone (labs outlive it) its lab's; else the one that is named, or the default one's.
function L.emit(kind, at, data)
  local job = at.job or ''
  local found = job ~= '' and call('HMGET', L.job(job), 'id', 'tenant', 'callback_url', 'callback_types', 'chat') or {}
  local tenant = found[1] and L.owner(found[2]) or at.tenant or (at.lab and L.owner_at(L.lab(at.lab))) or 'default'
  local fields = { 'type', kind, 'at', L.time(NOW), 'job', at.job or '', 'lab', at.lab or '', 'step', at.step or '',
    'node', at.node or '', 'data', data or '{}', 'tenant', tenant }
  local id = call('XADD', NS .. 'feed', 'MAXLEN', '~', O.feed, '*', unpack(fields))
  if found[1] then
    -- The same id in both: the feed's ids only rise, so the job's do too.
    call('XADD', L.job(at.job) .. ':ev', 'MAXLEN', '~', O.events, id, unpack(fields))
  end
  local family = string.match(kind, '^[^.]+') .. '.*'
  local mine, all = L.subscriptions(tenant), L.subscriptions('*')
  local receivers = call('SUNION', mine .. kind, mine .. family, mine .. '*', all .. kind, all .. family, all .. '*')
  for _, endpoint in ipairs(receivers) do L.deliver(id, endpoint, '', fields) end
  if found[3] and found[3] ~= '' then L.call_back(id, kind, found, family, fields) end
  if found[5] and found[5] ~= '' then L.tell(id, kind, job, fields, found[5]) end
  return id
end

-- What the sets of a tenant's endpoints by event type begin with; `*` has those that hear of every tenant.
function L.subscriptions(tenant)
  return NS .. (tenant == 'default' and 'sub:' or 'sub@' .. tenant .. ':')
end

-- Puts an endpoint into the sets of its types (`SADD`) or takes it out (`SREM`).
function L.subscribe(command, endpoint)
  local key = NS .. 'endpoint:' .. endpoint
  local sets = L.subscriptions(L.owner_at(key))
  for _, kind in ipairs(L.split(L.get(key, 'types'))) do call(command, sets .. kind, endpoint) end
end

-- A job's callback hears of the job's own events unless it names its types.
function L.call_back(event, kind, found, family, fields)
  local types = found[4] and found[4] ~= '' and L.split(found[4]) or { 'job.*' }
  for _, wanted in ipairs(types) do
    if wanted == kind or wanted == family or wanted == '*' then
      L.deliver(event, '', found[3], fields)
      return
    end
  end
end

-- Writes one delivery; it is its endpoint's tenant's, a callback's is the event's. Its id sorts by time, then by a running number, and ends in a hash of event and receiver.
function L.deliver(event, endpoint, url, fields)
  local receiver = endpoint ~= '' and endpoint or url
  local owner = endpoint ~= '' and L.owner_at(NS .. 'endpoint:' .. endpoint) or fields[#fields]
  local number = call('INCR', NS .. 'delivery_number') % 65536
  local id = string.format('wd_%012x%04x', math.floor(NOW * 1000), number)
    .. string.sub(redis.sha1hex(event .. '|' .. receiver), 1, 10)
  local key, due = NS .. 'delivery:' .. id, NOW + O.first_delay
  call('HSET', key, 'id', id, 'endpoint_id', endpoint, 'url', url, 'event_id', event, 'state', 'pending', 'attempts', 0,
    'fence', 0, 'created_at', L.time(NOW), 'next_at', L.time(due), 'owner', owner, unpack(fields))
  call('ZADD', NS .. 'wq', due, id)
  local list = NS .. 'ix:delivery:'
  call('ZADD', list .. 'all', NOW, id)
  call('ZADD', list .. 'state:pending', NOW, id)
  L.index_owner(list, owner, id)
  if fields[6] ~= '' then call('ZADD', list .. 'job:' .. fields[6], NOW, id) end
  if endpoint ~= '' then
    call('ZADD', list .. 'endpoint:' .. endpoint, NOW, id)
    L.bound_deliveries(list .. 'endpoint:' .. endpoint, O.backlog)
  end
  return id
end

-- Keeps the newest of an index only. An endpoint keeps so many ended deliveries; those that still wait are kept beside
-- them, up to a backlog that only a receiver that is away for days reaches.
function L.bound_deliveries(index, most)
  local over = call('ZCARD', index) - most
  if over <= 0 then return end
  for _, id in ipairs(call('ZRANGE', index, 0, math.min(over, 50) - 1)) do L.drop_delivery(id) end
end

function L.drop_delivery(id)
  local key, list = NS .. 'delivery:' .. id, NS .. 'ix:delivery:'
  local found = call('HMGET', key, 'endpoint_id', 'job', 'state', 'owner')
  call('ZREM', NS .. 'wq', id)
  call('ZREM', NS .. 'wl', id)
  call('ZREM', list .. 'all', id)
  if found[1] then
    call('ZREM', list .. 'endpoint:' .. found[1], id)
    call('ZREM', list .. 'ended:' .. found[1], id)
  end
  if found[2] then call('ZREM', list .. 'job:' .. found[2], id) end
  if found[3] then call('ZREM', list .. 'state:' .. found[3], id) end
  L.unindex_owner(list, L.owner(found[4]), id)
  call('DEL', key, key .. ':log')
end

function L.delivery_state(id, state)
  local key, list = NS .. 'delivery:' .. id, NS .. 'ix:delivery:'
  local created, endpoint = L.num(key, 'created_at', NOW), L.get(key, 'endpoint_id')
  call('ZREM', list .. 'state:' .. L.get(key, 'state'), id)
  call('ZADD', list .. 'state:' .. state, created, id)
  call('HSET', key, 'state', state)
  if state == 'pending' then
    call('HDEL', key, 'ended_at')
    call('ZREM', list .. 'ended:' .. endpoint, id)
    return
  end
  call('HSET', key, 'ended_at', L.time(NOW), 'next_at', '')
  if endpoint == '' then return end
  call('ZADD', list .. 'ended:' .. endpoint, created, id)
  L.bound_deliveries(list .. 'ended:' .. endpoint, O.deliveries)
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
  local before = L.audit_of('endpoint', endpoint)
  L.subscribe('SREM', endpoint)
  call('HSET', key, 'state', 'disabled', 'disabled_reason', reason, 'updated_at', L.time(NOW))
  call('HINCRBY', key, 'version', 1)
  L.audit_system('disableWebhookEndpoint', 'endpoint', endpoint, before)
  L.emit('endpoint.disabled', { tenant = L.owner_at(key) }, '{"endpoint_id":' .. L.quote(endpoint) .. ',"reason":' .. L.quote(reason) .. '}')
end
