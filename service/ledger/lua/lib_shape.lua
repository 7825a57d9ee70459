-- A lab's shape: the request that its later plans are made of, and what it takes of its host. A job that adds or removes
-- nodes brings the new one with it (shape_* of the job); both are opaque here but for the numbers.

do
  -- Facts of a node that is gone: node.NAME.*, drift.NAME.*, and what ends in .NAME (probe.*, nested.*).
  local function is_of(fact, name)
    for _, head in ipairs({ 'node.' .. name .. '.', 'drift.' .. name .. '.' }) do
      if string.sub(fact, 1, #head) == head then return true end
    end
    local tail = '.' .. name
    return string.sub(fact, -#tail) == tail
  end

  local function forget_node(key, name)
    for _, fact in ipairs(call('HKEYS', key)) do
      if is_of(fact, name) then call('HDEL', key, fact) end
    end
  end

  -- While the job holds what the new nodes take, its end hands that to the lab; else the lab's own holding is set.
  local function write(job, lab, shape)
    local host, id = L.get(lab, 'host_id'), L.get(lab, 'id')
    call('HSET', lab, 'request', shape[1], 'mem', shape[2], 'disk', shape[3])
    if (shape[4] or '') ~= '' then call('HSET', lab, 'nodes', shape[4]) else call('HDEL', lab, 'nodes') end
    if host == '' or L.held(host, job) or not L.held(host, id) then return end
    L.reserve(host, id, tonumber(shape[2]), tonumber(shape[3]))
    L.wake_waiters(host)
  end

  function L.on_done.ReshapeLab(job, lab)
    local key = L.job(job)
    local shape = call('HMGET', key, 'shape_request', 'shape_mem', 'shape_disk', 'shape_nodes', 'shape_gone')
    if not shape[1] then return end
    local was = call('HMGET', lab, 'request', 'mem', 'disk', 'nodes')
    call('HSET', key, 'was_request', was[1], 'was_mem', was[2], 'was_disk', was[3], 'was_nodes', was[4] or '')
    write(job, lab, shape)
    for _, name in ipairs(L.split(shape[5])) do
      forget_node(lab .. ':facts', name)
      forget_node(key .. ':facts', name)
    end
  end

  -- Returns false when another job has given the lab a shape since, which is not to be lost.
  function L.unshape_lab(job)
    local key = L.job(job)
    local lab = L.lab(L.get(key, 'lab_id'))
    local was = call('HMGET', key, 'was_request', 'was_mem', 'was_disk', 'was_nodes')
    if not was[1] or call('EXISTS', lab) == 0 then return true end
    local mine = L.get(lab, 'request') == L.get(key, 'shape_request')
    if mine then write(job, lab, was) end
    call('HDEL', key, 'was_request', 'was_mem', 'was_disk', 'was_nodes')
    call('HINCRBY', lab, 'version', 1)
    return mine
  end

  function L.shape_of(lab) return redis.sha1hex(L.get(L.lab(lab), 'request')) end

  -- Whether a job would give its lab a shape that was planned of another one than it has now.
  function L.is_reshaped(job)
    return job.shape_from ~= nil and not job.was_request and job.shape_from ~= L.shape_of(job.lab_id)
  end
end
