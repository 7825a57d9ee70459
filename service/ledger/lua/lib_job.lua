-- A job's own moves. TRANSITIONS and TERMINAL come from job.py.

function L.set_state(job, state)
  local key = L.job(job)
  local old = L.get(key, 'state')
  if old ~= '' and not TRANSITIONS[old][state] then error('illegal move of ' .. job .. ': ' .. old .. ' -> ' .. state) end
  local created = L.num(key, 'created_at', NOW)
  if old ~= '' then call('ZREM', NS .. 'ix:job:state:' .. old, job) end
  call('ZADD', NS .. 'ix:job:state:' .. state, created, job)
  L.tally(key, old, state)
  call('HSET', key, 'state', state)
  L.touch(job)
end

-- Counts jobs by kind and state, once somebody wants the counts (tallies.lua): an old state has one less, a new one more.
function L.tally(key, old, new)
  local tally = NS .. 'tally'
  if call('EXISTS', tally) == 0 then return end
  local kind = L.get(key, 'kind')
  if old ~= '' then call('HINCRBY', tally, kind .. '|' .. old, -1) end
  if new ~= '' then call('HINCRBY', tally, kind .. '|' .. new, 1) end
end

-- A step failed for good: the job hands out no more steps and ends when those that run have ended.
function L.fail_step(job, step, problem)
  local key = L.job(job)
  call('HSET', L.steps(job), 'x:' .. step, problem)
  L.end_step(job, step, 'failed', '{"error":' .. problem .. '}')
  if L.get(key, 'error') == '' then call('HSET', key, 'error', problem, 'error_step', step) end
  L.stop(job, 'failed')
end

-- Begins a job's end. `ending` is the state it will have; the first reason wins. `policy` goes before the job's own.
function L.stop(job, ending, policy)
  local key = L.job(job)
  if L.get(key, 'ending') == '' then
    call('HSET', key, 'ending', ending)
    L.clear_ready(job)
    local host = L.get(key, 'host_id')
    if host ~= '' then call('ZREM', L.waiting_key(host), job) end
    if ending ~= 'failed' and call('SCARD', key .. ':run') > 0 then
      L.set_state(job, 'cancelling')
      L.emit('job.cancelling', L.at(job), '{"reason":' .. L.quote(ending) .. '}')
    end
  end
  L.settle(job, policy)
end

-- When the last running step has ended: rolls back or ends the job. Does nothing before.
function L.settle(job, policy)
  local key = L.job(job)
  local ending = L.get(key, 'ending')
  if ending == '' or L.get(key, 'phase') == 'undo' or call('SCARD', key .. ':run') > 0 then return end
  local started = L.close_steps(job, ending)
  policy = policy or L.get(key, ending == 'cancelled' and 'on_cancel' or 'on_failure')
  if policy == 'rollback' and #started > 0 then
    L.start_undo(job, started)
  else
    L.finalize(job, ending, #started > 0)
  end
end

-- Whether a step ever started, in this run of its job or in an earlier one, by all fields of the job's steps.
function L.was_begun(steps, step) return (tonumber(steps['a:' .. step] or '') or 0) > 0 or steps['o:' .. step] ~= nil end

-- Gives every step that has not ended its last state; returns the steps that ever started.
function L.close_steps(job, ending)
  local steps, started = L.hash(L.steps(job)), {}
  for _, step in ipairs(call('HKEYS', L.job(job) .. ':meta')) do
    local state = steps['s:' .. step] or 'pending'
    local began = L.was_begun(steps, step)
    if began then started[#started + 1] = step end
    local lost = state == 'ready' and steps['sb:' .. step] and not steps['c:' .. step]
    if began and (lost or steps['k:' .. step]) then
      call('HSET', L.job(job), 'cancel_unconfirmed', 1) -- its worker died or left it in mid-call: that may still run
    end
    if state == 'ready' or state == 'pending' then
      if began or ending ~= 'failed' then
        L.end_step(job, step, 'cancelled', '{}')
      elseif state == 'ready' then
        call('HSET', L.steps(job), 's:' .. step, 'pending')
      end
    end
  end
  return started
end

function L.finalize(job, ending, touched)
  local key = L.job(job)
  local host = L.get(key, 'host_id')
  L.clear_ready(job)
  L.set_state(job, ending)
  call('HSET', key, 'ended_at', L.time(NOW))
  call('ZADD', NS .. 'ended', NOW, job)
  call('ZREM', NS .. 'deadlines', job)
  L.leave_gates(job)
  L.forget_pause(key)
  L.free_targets(host, L.targets(L.get(key, 'targets'), L.get(key, 'lab_id')), job)
  if host ~= '' then call('SREM', L.host(host) .. ':jobs', job) end
  L.count_out(L.owner_at(key), 'jobs', job)
  L.lab_follows(job, ending, touched)
  local problem = L.get(key, 'error')
  local data = problem ~= '' and '{"error":' .. problem .. ',"step_id":' .. L.quote(L.get(key, 'error_step')) .. '}' or '{}'
  L.emit('job.' .. ending, L.at(job), data)
  -- A job that left the head of the host's waiting list may let others pass.
  L.wake_waiters(host)
end

-- What an unfinished job has for itself on its host: the names that it was submitted with, and its lab.
function L.targets(text, lab)
  local targets = text ~= '' and cjson.decode(text) or {}
  if lab ~= '' then targets[#targets + 1] = lab end
  return targets
end

-- The first of these names that another job has, as holder and name; nil when all are free.
function L.busy_target(host, targets, job)
  for _, target in ipairs(targets) do
    local holder = call('HGET', L.host(host) .. ':targets', target)
    if holder and holder ~= job then return holder, target end
  end
  return nil
end

function L.take_targets(host, targets, job)
  for _, target in ipairs(targets) do call('HSET', L.host(host) .. ':targets', target, job) end
end

function L.free_targets(host, targets, job)
  local key = L.host(host) .. ':targets'
  for _, target in ipairs(targets) do
    if call('HGET', key, target) == job then call('HDEL', key, target) end
  end
end

-- Removes every trace of a job but its events in the feed.
function L.forget_job(job)
  local key = L.job(job)
  local found = call('HMGET', key, 'state', 'kind', 'host_id', 'lab_id', 'tenant')
  local index = NS .. 'ix:job:'
  if call('ZSCORE', index .. 'all', job) then L.tally(key, found[1] or '', '') end
  for _, name in ipairs({ 'all', 'state:' .. (found[1] or ''), 'kind:' .. (found[2] or ''), 'host:' .. (found[3] or ''),
    'lab:' .. (found[4] or '') }) do
    call('ZREM', index .. name, job)
  end
  L.unindex_owner(index, L.owner(found[5]), job)
  for _, name in ipairs(call('SMEMBERS', key .. ':labels')) do call('ZREM', index .. 'label:' .. name, job) end
  call('ZREM', NS .. 'ended', job)
  local keys = { key }
  for _, part in ipairs({ 'st', 'meta', 'spec', 'node', 'order', 'facts', 'rl', 'rh', 'later', 'run', 'due', 'ev',
    'labels' }) do
    keys[#keys + 1] = key .. ':' .. part
  end
  call('DEL', unpack(keys))
end

-- Writes the waiting or queued beginning of a job that holds its reservation or stands in line for it.
function L.admit(job, waits)
  local key = L.job(job)
  local host = L.get(key, 'host_id')
  local memory, disk = L.wanted(job)
  if waits then
    L.set_state(job, 'waiting')
    call('ZADD', L.waiting_key(host), L.num(key, 'priority', 1) * 1e12 + L.turn(), job)
    L.emit('job.waiting', L.at(job), L.shortage(host, L.owner_at(key), 'capacity', memory, disk))
    return
  end
  L.reserve(host, job, memory, disk)
  L.queued(job, '{}')
end

-- A job that has its room hands out its steps. Without an open one it is over: its plan has none, or it is retried after
-- the last of them ended well while the job was being stopped.
function L.queued(job, data)
  local key = L.job(job)
  call('HSET', key, 'queued_at', L.time(NOW))
  L.set_state(job, 'queued')
  L.emit('job.queued', L.at(job), data)
  if L.num(key, 'open', 0) > 0 then return L.index(job) end
  if L.get(key, 'started_at') == '' then call('HSET', key, 'started_at', L.time(NOW)) end
  L.set_state(job, 'running')
  L.emit('job.started', L.at(job), '{}')
  L.finalize(job, 'succeeded', true)
end

-- Why a demand cannot be met now: nil (it can), never_fits, others_wait or capacity.
function L.short_of(host, memory, disk, priority)
  if host == '' or memory + disk == 0 then return nil end
  if L.never_fits(host, memory, disk) then return 'never_fits' end
  if not L.fits(host, memory, disk) then return 'capacity' end
  local ahead = call('ZCOUNT', L.waiting_key(host), '-inf', '(' .. string.format('%d', (priority + 1) * 1e12))
  if ahead > 0 then return 'others_wait' end
  return nil
end
