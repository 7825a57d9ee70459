-- A job's way in. Its gate is approval first, then `not_before`. A gated job has its names (targets) and nothing more: no
-- memory, no deadline that runs, its lab as it was. What opens the gate begins the job: lab, deadline, reservation or line.
-- Sorted sets: approvals (when the question ends), scheduled (when it begins), start_by (when it must have started).
-- Fields: approval, host_gates, approval_seconds, approval_reason, not_before, start_seconds come from the request;
-- gate (shut or open), approval_by, approval_until, approved_at, approved_by, start_by, entered_at are written here.

local APPROVAL_SECONDS = 86400 -- for a host's demand, of which the request says nothing

-- Who demands approval: request, host or nobody ('').
function L.approval_by(host, asked, host_gates)
  if tonumber(asked) == 1 then return 'request' end
  if tonumber(host_gates) == 1 and host ~= '' and L.get(L.host(host), 'requires_approval') == '1' then return 'host' end
  return ''
end

-- Lets a job in that was submitted or is retried: as far as its gate lets it.
function L.enter(job, short)
  local key = L.job(job)
  local found = call('HMGET', key, 'host_id', 'approval', 'host_gates', 'approved_at', 'not_before', 'start_seconds',
    'approval_by')
  call('HSET', key, 'entered_at', L.time(NOW), 'gate', 'shut')
  local opens = tonumber(found[5] or '') or 0
  L.start_clock(job, opens, tonumber(found[6] or '') or 0)
  local by = L.approval_by(found[1], found[2] or '', found[3] or '')
  if by ~= '' and (found[4] or '') == '' then return L.ask(job, by) end
  if found[7] and (found[4] or '') == '' then call('HDEL', key, 'approval_by') end -- nobody asks any more
  L.schedule(job, opens, short)
end

-- The time for the start counts from `not_before`, or from now.
function L.start_clock(job, opens, seconds)
  if seconds <= 0 then return end
  local start_by = math.max(NOW, opens) + seconds
  call('HSET', L.job(job), 'start_by', L.time(start_by))
  call('ZADD', NS .. 'start_by', start_by, job)
end

function L.ask(job, by)
  local key = L.job(job)
  local seconds = L.num(key, 'approval_seconds', 0)
  local ends = NOW + (seconds > 0 and seconds or APPROVAL_SECONDS)
  call('HSET', key, 'approval_by', by, 'approval_until', L.time(ends))
  call('HDEL', key, 'rejected_by', 'rejected_name', 'rejected_at')
  call('ZADD', NS .. 'approvals', ends, job)
  L.set_state(job, 'waiting_approval')
  L.emit('job.waiting_approval', L.at(job), string.format('{"required_by":"%s","reason":%s,"expires_at":%.6f}', by,
    L.quote(L.get(key, 'approval_reason')), ends))
end

-- Begins a job, or notes when it is to begin.
function L.schedule(job, opens, short)
  if opens <= NOW then return L.begin(job, short) end
  call('ZADD', NS .. 'scheduled', opens, job)
  L.set_state(job, 'scheduled')
  L.emit('job.scheduled', L.at(job), string.format('{"not_before":%.6f}', opens))
end

-- The gate is open. `short` is what short_of says, when the caller knows it already (false: there is room).
function L.begin(job, short)
  local key = L.job(job)
  local found = call('HMGET', key, 'host_id', 'lab_id', 'creates_lab', 'removes_lab', 'deadline_seconds', 'priority')
  call('HSET', key, 'gate', 'open')
  call('ZREM', NS .. 'scheduled', job)
  local seconds = tonumber(found[5])
  if seconds > 0 then
    call('HSET', key, 'deadline_at', L.time(NOW + seconds))
    call('ZADD', NS .. 'deadlines', NOW + seconds, job)
  end
  if found[2] ~= '' then L.lab_begins(found[2], found[3] == '1', found[4] == '1') end
  if short == nil then
    local memory, disk = L.wanted(job)
    short = L.short_of(found[1], memory, disk, tonumber(found[6])) or false
  end
  L.admit(job, short ~= false)
end

-- A lab that is built again or removed is so from the beginning of the job, not from its submission.
function L.lab_begins(lab, creates, removes)
  local state = L.get(L.lab(lab), 'state')
  if creates and state ~= 'building' then
    call('ZREM', NS .. 'lab_leases', lab)
    call('HSET', L.lab(lab), 'expires_at', '')
    L.lab_state(lab, 'building')
  elseif removes then
    call('HSET', L.lab(lab), 'state_before', state)
    call('ZREM', NS .. 'lab_leases', lab)
    L.lab_state(lab, 'removing')
  end
end

function L.leave_gates(job)
  for _, name in ipairs({ 'approvals', 'scheduled', 'start_by' }) do call('ZREM', NS .. name, job) end
end

-- Ends a job whose approval did not come or was refused. What an earlier run left stays: nobody agreed to touch it.
function L.shut_out(job, ending, problem)
  call('HSET', L.job(job), 'error', problem)
  L.stop(job, ending, 'keep')
end

function L.approval_expired(job)
  L.shut_out(job, 'expired', L.error('approval_expired', 'Nobody approved the job in time',
    'The time for an approval is over.', 'Retry the job to ask again.'))
end

-- The reply to a decision (approve, reject) that nothing is left to do for or that may not be made; nil when it may.
-- `repeated`: the same caller has decided so before.
function L.decided(found, repeated)
  if not found.state then return { 'unknown', '' } end
  if found.state ~= 'waiting_approval' then return { repeated and 'ok' or 'illegal', found.state } end
  if A.version > 0 and A.version ~= tonumber(found.version) then return { 'changed', found.version } end
  if NOW >= tonumber(found.approval_until) then
    L.approval_expired(A.job)
    return { 'illegal', 'expired' }
  end
  for _, one in ipairs(L.split(found.asked_by)) do
    if one == A.by and not A.admin then return { 'own', '' } end
  end
  return nil
end

-- Ends jobs that should have started by now; returns how many.
function L.expire_starts(limit)
  local late = call('ZRANGEBYSCORE', NS .. 'start_by', '-inf', NOW, 'LIMIT', 0, limit)
  for _, job in ipairs(late) do
    local key = L.job(job)
    local state = L.get(key, 'state')
    call('ZREM', NS .. 'start_by', job)
    if state ~= '' and not TERMINAL[state] and L.get(key, 'ending') == '' then
      local before = L.audit_of('job', job)
      call('HSET', key, 'error', L.error('not_started_in_time', 'The job did not start in time',
        string.format('It had %d seconds to start and was %s.', L.num(key, 'start_seconds', 0), state),
        'Retry it, with more time to start if need be.'))
      L.stop(job, 'expired')
      L.audit_system('expireJob', 'job', job, before)
    end
  end
  return #late
end

-- Opens the gates whose time has come and shuts those that waited too long; returns how many jobs expired.
function L.sweep_gates()
  local expired = L.expire_starts(50)
  for _, job in ipairs(call('ZRANGEBYSCORE', NS .. 'approvals', '-inf', NOW, 'LIMIT', 0, 50)) do
    call('ZREM', NS .. 'approvals', job)
    if L.get(L.job(job), 'state') == 'waiting_approval' then
      local before = L.audit_of('job', job)
      L.approval_expired(job)
      L.audit_system('expireApproval', 'job', job, before)
      expired = expired + 1
    end
  end
  for _, job in ipairs(call('ZRANGEBYSCORE', NS .. 'scheduled', '-inf', NOW, 'LIMIT', 0, 50)) do
    call('ZREM', NS .. 'scheduled', job)
    if L.get(L.job(job), 'state') == 'scheduled' then L.begin(job) end
  end
  return expired
end

-- A job that only waits at its gate does not keep a lab beyond its lease. Returns whether one did.
function L.free_from_gated(lab)
  local host = L.get(L.lab(lab), 'host_id')
  local holder = call('HGET', L.host(host) .. ':targets', lab)
  if not holder or L.get(L.job(holder), 'gate') ~= 'shut' then return end
  L.shut_out(holder, 'expired', L.error('lab_lease_ended', 'The lease of its lab ended first',
    'The lab is torn down before the job could begin.', 'Extend the lease of the lab before its end.'))
end

-- Who did it, as members of an event's data.
function L.doer(by, name, reason)
  return string.format('"by":%s,"name":%s,"reason":%s', L.quote(by), L.quote(name), L.quote(reason))
end

-- The job waits for its approval as before; its time to start is counted anew.
function L.keep_asking(job)
  local key = L.job(job)
  local found = call('HMGET', key, 'approval_until', 'not_before', 'start_seconds')
  call('ZADD', NS .. 'approvals', found[1], job)
  L.start_clock(job, tonumber(found[2] or '') or 0, tonumber(found[3] or '') or 0)
end
