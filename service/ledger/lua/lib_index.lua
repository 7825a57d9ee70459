-- Who may be claimed next. ready:<priority> holds tenants and ready:<priority>:<tenant> their jobs, both by the turn in
-- which they were last served; a job's ready steps are in <job>:rl (light) and <job>:rh (heavy), longest tail first.
-- A job whose host is at its bound leaves the index for the host's :blocked or :blocked_heavy and comes back when a
-- lease of that host ends. Bounds are the sizes of the sets <host>:run and <host>:run_heavy, owned by leases.

function L.turn() return call('INCR', NS .. 'turn') end

function L.rank(job)
  local found = call('HMGET', L.job(job), 'priority', 'tenant', 'turn', 'host_id', 'state')
  return found[1] or '1', found[2] or '', tonumber(found[3] or '') or 0, found[4] or '', found[5] or ''
end

function L.has_ready(job)
  return call('EXISTS', L.job(job) .. ':rl', L.job(job) .. ':rh') > 0
end

-- States in which no step is handed out.
local AT_REST = { waiting = true, waiting_approval = true, scheduled = true, paused = true }

-- Puts a job into the index when it has steps to claim and may hand them out. Safe to repeat.
function L.index(job)
  if not L.has_ready(job) then return end
  local priority, tenant, turn, host, state = L.rank(job)
  if AT_REST[state] then return end
  local tenants = NS .. 'ready:' .. priority
  if host ~= '' then
    call('ZREM', L.host(host) .. ':blocked', job)
    call('ZREM', L.host(host) .. ':blocked_heavy', job)
  end
  call('ZADD', tenants .. ':' .. tenant, turn, job)
  if not call('ZSCORE', tenants, tenant) then call('ZADD', tenants, L.turn(), tenant) end
end

function L.deindex(job)
  local priority, tenant, _, host = L.rank(job)
  local tenants = NS .. 'ready:' .. priority
  call('ZREM', tenants .. ':' .. tenant, job)
  if call('EXISTS', tenants .. ':' .. tenant) == 0 then call('ZREM', tenants, tenant) end
  if host == '' then return end
  call('ZREM', L.host(host) .. ':blocked', job)
  call('ZREM', L.host(host) .. ':blocked_heavy', job)
end

-- Returns a step of the job that its host's bounds allow, else nil and where to park the job ('' = nowhere).
function L.pick_step(job, host)
  local key = L.job(job)
  local light = call('ZRANGE', key .. ':rl', 0, 0, 'WITHSCORES')
  local heavy = call('ZRANGE', key .. ':rh', 0, 0, 'WITHSCORES')
  if not light[1] and not heavy[1] then return nil, '' end
  if host ~= '' then
    local bounds = call('HMGET', L.host(host), 'max_parallel', 'max_heavy')
    local parallel, heavies = tonumber(bounds[1] or ''), tonumber(bounds[2] or '')
    if parallel and call('SCARD', L.host(host) .. ':run') >= parallel then return nil, ':blocked' end
    if heavies and heavy[1] and call('SCARD', L.host(host) .. ':run_heavy') >= heavies then heavy = {} end
    if not light[1] and not heavy[1] then return nil, ':blocked_heavy' end
  end
  if not heavy[1] then return light[1] end
  if not light[1] or tonumber(heavy[2]) < tonumber(light[2]) then return heavy[1] end
  return light[1]
end

-- Returns the job and step to claim next. Every pass claims or takes something out of the index, so scans are paid
-- for by what put it in; 1000 passes bound one call.
function L.pick()
  local passes = 0
  for priority = 0, 2 do
    local tenants = NS .. 'ready:' .. priority
    while passes < 1000 do
      passes = passes + 1
      local tenant = call('ZRANGE', tenants, 0, 0)[1]
      if not tenant then break end
      local jobs = tenants .. ':' .. tenant
      local job = call('ZRANGE', jobs, 0, 0)[1]
      if not job then
        call('ZREM', tenants, tenant)
      else
        local host = L.get(L.job(job), 'host_id')
        local step, parking = L.pick_step(job, host)
        if step then return job, step, host end
        call('ZREM', jobs, job)
        if parking ~= '' then
          local _, _, turn = L.rank(job)
          call('ZADD', L.host(host) .. parking, priority * 1e12 + turn, job)
          -- There is room for a light step: one may be among those parked for any step.
          if parking == ':blocked_heavy' then L.unblock(host, ':blocked', 4) end
        end
      end
    end
  end
end

-- After a claim both job and tenant go to the end of their rounds.
function L.served(job)
  local priority, tenant = L.rank(job)
  local tenants, turn = NS .. 'ready:' .. priority, L.turn()
  call('HSET', L.job(job), 'turn', turn)
  if L.has_ready(job) then
    call('ZADD', tenants .. ':' .. tenant, turn, job)
  else
    call('ZREM', tenants .. ':' .. tenant, job)
  end
  if call('EXISTS', tenants .. ':' .. tenant) == 1 then
    call('ZADD', tenants, turn, tenant)
  else
    call('ZREM', tenants, tenant)
  end
end

-- Brings parked jobs of a host back, those first that were served least recently.
function L.unblock(host, parking, count)
  local parked = call('ZPOPMIN', L.host(host) .. parking, count)
  for i = 1, #parked, 2 do
    if call('EXISTS', L.job(parked[i])) == 1 then L.index(parked[i]) end
  end
end

function L.take_lease(job, step, host, heavy, worker, deadline)
  local member = L.member(job, step)
  call('ZADD', NS .. 'leases', deadline, member)
  call('SADD', L.job(job) .. ':run', step)
  call('SADD', NS .. 'worker:' .. worker .. ':leases', member)
  if host == '' then return end
  call('SADD', L.host(host) .. ':run', member)
  if heavy then call('SADD', L.host(host) .. ':run_heavy', member) end
end

function L.drop_lease(job, step)
  local member, host = L.member(job, step), L.get(L.job(job), 'host_id')
  call('ZREM', NS .. 'leases', member)
  call('SREM', L.job(job) .. ':run', step)
  call('SREM', NS .. 'worker:' .. L.get(L.job(job) .. ':st', 'w:' .. step) .. ':leases', member)
  call('HDEL', L.job(job) .. ':st', 't:' .. step)
  if host == '' then return end
  L.free_slot(host, member)
end

function L.free_slot(host, member)
  call('SREM', L.host(host) .. ':run', member)
  if call('SREM', L.host(host) .. ':run_heavy', member) == 1 then L.unblock(host, ':blocked_heavy', 4) end
  L.unblock(host, ':blocked', 4)
end

-- About how many steps the index offers; bounded, because it only decides how many workers to wake.
function L.count_claimable()
  local count, looked = 0, 0
  for priority = 0, 2 do
    local tenants = NS .. 'ready:' .. priority
    for _, tenant in ipairs(call('ZRANGE', tenants, 0, 49)) do
      for _, job in ipairs(call('ZRANGE', tenants .. ':' .. tenant, 0, 19)) do
        count = count + call('ZCARD', L.job(job) .. ':rl') + call('ZCARD', L.job(job) .. ':rh')
        looked = looked + 1
        if looked >= 200 or count >= 500 then return count end
      end
    end
  end
  return count
end
