-- Labs follow their jobs. A lab that is not removed holds memory and disk of its host.

-- What else a finished step changes, by its action: called with the job and its lab's key.
L.on_done = {}

-- What these steps find has happened whatever becomes of their job, so it is the lab's at once.
local TRUE_AT_ONCE = { MarkPower = true, NoteNestedVMs = true, BeginRotation = true, RotatePassword = true,
  CommitRotation = true }

function L.step_done(job, action, facts)
  local id = L.get(L.job(job), 'lab_id')
  local lab = L.lab(id)
  if id == '' or call('EXISTS', lab) == 0 then return end
  if TRUE_AT_ONCE[action] then
    for _, fact in ipairs(facts) do call('HSET', lab .. ':facts', fact[1], fact[2]) end
  end
  if L.on_done[action] then
    L.on_done[action](job, lab)
    call('HINCRBY', lab, 'version', 1)
  end
end

function L.on_done.MarkPower(job, lab) call('HSET', lab, 'power', call('HGET', L.job(job) .. ':facts', 'lab.power')) end

function L.lab_state(lab, state)
  local key, index = L.lab(lab), NS .. 'ix:lab:state:'
  local created = L.num(key, 'created_at', NOW)
  call('ZREM', index .. L.get(key, 'state'), lab)
  call('ZADD', index .. state, created, lab)
  call('HSET', key, 'state', state)
  call('HINCRBY', key, 'version', 1)
end

function L.create_lab(job, lab)
  local key = L.lab(lab)
  local found = call('HMGET', L.job(job), 'host_id', 'kind', 'labels', 'request', 'mem', 'disk', 'lease_seconds',
    'tenant', 'nodes')
  call('HSET', key, 'id', lab, 'name', A.lab_name, 'state', 'building', 'host_id', found[1], 'job_id', job, 'kind', found[2],
    'version', 1, 'created_at', L.time(NOW), 'labels', found[3], 'request', found[4], 'mem', found[5], 'disk', found[6],
    'lease_seconds', found[7], 'tenant', found[8], 'nodes', found[9], 'secrets', A.lab_secrets)
  for _, name in ipairs({ 'all', 'state:building', 'host:' .. found[1], 'kind:' .. found[2] }) do
    call('ZADD', NS .. 'ix:lab:' .. name, NOW, lab)
  end
  for _, label in ipairs(A.labels) do
    local name = label[1] .. '=' .. label[2]
    call('ZADD', NS .. 'ix:lab:label:' .. name, NOW, lab)
    call('SADD', key .. ':labels', name)
  end
  if found[1] ~= '' then call('SADD', L.host(found[1]) .. ':labs', lab) end
  L.index_owner(NS .. 'ix:lab:', L.owner(found[8]), lab)
  L.count_in(L.owner(found[8]), 'labs', lab)
  L.emit('lab.created', { job = job, lab = lab }, '{}')
end

function L.copy_facts(from, to)
  local flat = call('HGETALL', from .. ':facts')
  if #flat > 0 then L.many('HSET', to .. ':facts', flat) end
end

function L.start_lease(lab)
  local seconds = L.num(L.lab(lab), 'lease_seconds', 0)
  if seconds <= 0 then return end
  call('HSET', L.lab(lab), 'expires_at', L.time(NOW + seconds))
  call('HDEL', L.lab(lab), 'expired')
  call('ZADD', NS .. 'lab_leases', NOW + seconds, lab)
end

-- The lab is gone from its host. Its record stays for the retention time, without secrets.
function L.remove_lab(job, lab, why)
  local key = L.lab(lab)
  if L.get(key, 'state') == 'removed' then return end
  L.lab_state(lab, 'removed')
  call('HSET', key, 'removed_at', L.time(NOW), 'removed_by', why, 'expires_at', '')
  call('HDEL', key, 'secrets')
  call('ZREM', NS .. 'lab_leases', lab)
  call('ZADD', NS .. 'removed_labs', NOW, lab)
  L.count_out(L.owner_at(key), 'labs', lab)
  L.emit('lab.removed', { job = job, lab = lab }, '{"reason":' .. L.quote(why) .. '}')
  local host = L.get(key, 'host_id')
  if host == '' then return end
  call('SREM', L.host(host) .. ':labs', lab)
  L.release(host, lab)
end

-- Called when a job ends. `touched`: something of it may be left on the host.
function L.lab_follows(job, ending, touched)
  local key = L.job(job)
  local found = call('HMGET', key, 'lab_id', 'host_id', 'creates_lab', 'removes_lab')
  local lab, host = found[1], found[2]
  if lab == '' or call('EXISTS', L.lab(lab)) == 0 then
    L.release(host, job)
  elseif L.get(key, 'gate') == 'shut' and not (found[3] == '1' and L.get(L.lab(lab), 'state') == 'building') then
    return -- it never began: the lab is as it was
  elseif found[3] == '1' then
    L.lab_of_maker(job, lab, host, ending, touched)
  else
    L.lab_of_user(job, lab, host, ending, touched, found[4] == '1')
  end
end

function L.lab_of_maker(job, lab, host, ending, touched)
  if ending ~= 'succeeded' and not touched then
    L.remove_lab(job, lab, 'rolled_back')
    L.release(host, job)
    return
  end
  L.hand_over(host, job, lab)
  L.copy_facts(L.job(job), L.lab(lab))
  L.lab_state(lab, ending == 'succeeded' and 'ready' or 'failed')
  L.start_lease(lab)
  if ending == 'succeeded' then L.emit('lab.ready', { job = job, lab = lab }, '{}') end
end

-- What a job added to its lab stays with the lab. One that reshapes it added nothing before that step, which wrote the
-- count of nodes too.
function L.keep_added(job, lab, host)
  local found = call('HMGET', L.job(job), 'shape_request', 'was_request', 'nodes')
  if found[1] and not found[2] then return L.release(host, job) end
  L.hand_over(host, job, lab)
  local count = not found[1] and tonumber(found[3] or '') or 0
  if count ~= 0 and call('HEXISTS', L.lab(lab), 'nodes') == 1 then call('HINCRBY', L.lab(lab), 'nodes', count) end
end

function L.lab_of_user(job, lab, host, ending, touched, removes)
  local state = L.get(L.lab(lab), 'state')
  if removes and state == 'removing' then
    -- A teardown that never began leaves the lab as it was; one that stopped half-way leaves a broken lab.
    L.lab_state(lab, touched and 'failed' or L.get(L.lab(lab), 'state_before'))
    if touched then call('HSET', L.lab(lab), 'broken_by', job) end
    L.start_lease_again(lab)
  end
  if state ~= 'removed' and touched then
    L.copy_facts(L.job(job), L.lab(lab))
    L.keep_added(job, lab, host)
  else
    L.release(host, job)
  end
end

-- An expired lab whose teardown failed is told again by a later sweep.
function L.start_lease_again(lab)
  local expires = L.num(L.lab(lab), 'expires_at', nil)
  if expires then call('ZADD', NS .. 'lab_leases', math.max(expires, NOW + 60), lab) end
end

function L.forget_lab(lab)
  local key, index = L.lab(lab), NS .. 'ix:lab:'
  local found = L.hash(key)
  for _, name in ipairs({ 'all', 'state:' .. (found.state or ''), 'host:' .. (found.host_id or ''),
    'kind:' .. (found.kind or '') }) do
    call('ZREM', index .. name, lab)
  end
  for _, name in ipairs(call('SMEMBERS', key .. ':labels')) do call('ZREM', index .. 'label:' .. name, lab) end
  call('ZREM', NS .. 'removed_labs', lab)
  L.unindex_owner(index, L.owner(found.tenant), lab)
  call('DEL', key, key .. ':facts', key .. ':labels')
end
