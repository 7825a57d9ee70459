-- Takes back what was lost, starts what is due, ends what is too late, removes what is old. Bounded in each part, so
-- that a long backlog is worked off in several sweeps. Any number of processes may run it.
local lost, expired_jobs, removed = 0, 0, 0

for _, member in ipairs(call('ZRANGEBYSCORE', NS .. 'leases', '-inf', NOW, 'LIMIT', 0, 100)) do
  local job, step = L.parts(member)
  if L.lose(job, step) then lost = lost + 1 end
end

local due = L.pop_due(500)
expired_jobs = expired_jobs + L.sweep_gates()

for _, job in ipairs(call('ZRANGEBYSCORE', NS .. 'deadlines', '-inf', NOW, 'LIMIT', 0, 50)) do
  call('ZREM', NS .. 'deadlines', job)
  local key = L.job(job)
  local state = L.get(key, 'state')
  if state ~= '' and not TERMINAL[state] and L.get(key, 'ending') == '' then
    local before = L.audit_of('job', job)
    call('HSET', key, 'error', L.error('job_deadline_passed', 'The job did not end in time',
      string.format('It had %d seconds.', L.num(key, 'deadline_seconds', 0)), 'Retry it, with a longer deadline if need be.'))
    L.stop(job, 'expired')
    L.audit_system('expireJob', 'job', job, before)
    expired_jobs = expired_jobs + 1
  end
end

local labs = {}
for _, lab in ipairs(call('ZRANGEBYSCORE', NS .. 'lab_leases', '-inf', NOW, 'LIMIT', 0, 50)) do
  local key = L.lab(lab)
  local state = L.get(key, 'state')
  if state == 'ready' or state == 'failed' then
    L.free_from_gated(lab)
    -- One process at a time is told; again in a minute should nothing have come of it.
    call('ZADD', NS .. 'lab_leases', NOW + 60, lab)
    if L.get(key, 'expired') == '' then
      call('HSET', key, 'expired', 1)
      L.emit('lab.expired', { job = L.get(key, 'job_id'), lab = lab }, '{}')
    end
    labs[#labs + 1] = lab
  else
    call('ZREM', NS .. 'lab_leases', lab)
  end
end

-- Bounds are what leases say: members without a lease go, and parked jobs come back where there is room.
local cursor = call('GET', NS .. 'sweep_host') or '0'
local page = call('SSCAN', NS .. 'hosts', cursor, 'COUNT', 20)
call('SET', NS .. 'sweep_host', page[1])
for _, host in ipairs(page[2]) do
  for _, member in ipairs(call('SMEMBERS', L.host(host) .. ':run')) do
    if not call('ZSCORE', NS .. 'leases', member) then L.free_slot(host, member) end
  end
  for _, member in ipairs(call('SMEMBERS', L.host(host) .. ':run_heavy')) do
    if not call('ZSCORE', NS .. 'leases', member) then L.free_slot(host, member) end
  end
  local bounds = call('HMGET', L.host(host), 'max_parallel', 'max_heavy')
  local parallel, heavy = tonumber(bounds[1] or ''), tonumber(bounds[2] or '')
  local room = parallel and parallel - call('SCARD', L.host(host) .. ':run') or 64
  if room > 0 then L.unblock(host, ':blocked', room) end
  room = heavy and heavy - call('SCARD', L.host(host) .. ':run_heavy') or 64
  if room > 0 then L.unblock(host, ':blocked_heavy', room) end
  L.wake_waiters(host)
end

for _, id in ipairs(call('ZRANGEBYSCORE', NS .. 'wl', '-inf', NOW, 'LIMIT', 0, 100)) do
  call('ZREM', NS .. 'wl', id)
  if call('HDEL', NS .. 'delivery:' .. id, 'token') == 1 then call('ZADD', NS .. 'wq', NOW, id) end
end

local function old(set, seconds) return call('ZRANGEBYSCORE', NS .. set, '-inf', NOW - seconds, 'LIMIT', 0, 20) end
for _, job in ipairs(old('ended', A.retention)) do
  L.forget_job(job)
  removed = removed + 1
end
for _, lab in ipairs(old('removed_labs', A.retention)) do
  L.forget_lab(lab)
  removed = removed + 1
end
for _, id in ipairs(call('ZRANGEBYSCORE', NS .. 'ix:delivery:all', '-inf', NOW - A.delivery_retention, 'LIMIT', 0, 100)) do
  L.drop_delivery(id)
  removed = removed + 1
end
for _, worker in ipairs(call('ZRANGEBYSCORE', NS .. 'workers', '-inf', NOW, 'LIMIT', 0, 20)) do
  call('ZREM', NS .. 'workers', worker)
  call('DEL', NS .. 'worker:' .. worker)
end

call('SET', NS .. 'swept_at', L.time(NOW))

return { 'lost', lost, 'expired_jobs', expired_jobs, 'due_waits', due, 'expired_labs', table.concat(labs, ','),
  'wake_steps', L.count_claimable(), 'wake_deliveries', math.min(500, call('ZCOUNT', NS .. 'wq', '-inf', NOW)),
  'removed', removed, 'audit_open', call('XLEN', NS .. 'audit:open') }
