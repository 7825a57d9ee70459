-- Pause at the boundary of steps. Steps under a lease end as always; no other is handed out. A step whose last call on
-- the host is not known to have ended (k:<step>) goes on too: a paused job leaves nothing running on its host.
-- <job>:later holds the steps that could be claimed, by -tail. Fields: paused_from, paused_at, paused_place (in the line
-- for room), deadline_left (seconds); z:<step> is for how long the step's clock stood still.

-- Whether a ready step has to wait for the end of a pause.
function L.is_held(job, step)
  local found = call('HMGET', L.job(job), 'state', 'phase')
  if found[2] == 'undo' then return false end
  if found[1] == 'paused' then return true end
  return found[1] == 'pausing' and call('HEXISTS', L.steps(job), 'k:' .. step) == 0
end

function L.hold_step(job, step, meta) call('ZADD', L.job(job) .. ':later', -meta.tail, step) end

-- Takes the ready steps out of the workers' sight; with `all` also those with an open call.
function L.hold_back(job, all)
  L.deindex(job)
  for _, set in ipairs({ ':rl', ':rh' }) do
    for _, step in ipairs(call('ZRANGE', L.job(job) .. set, 0, -1)) do
      if all or call('HEXISTS', L.steps(job), 'k:' .. step) == 0 then
        call('ZREM', L.job(job) .. set, step)
        L.hold_step(job, step, L.meta(job, step))
      end
    end
  end
end

function L.pause(job, state, data)
  local key = L.job(job)
  local host = L.get(key, 'host_id')
  call('HSET', key, 'paused_from', state)
  if state == 'waiting' then
    call('HSET', key, 'paused_place', call('ZSCORE', L.waiting_key(host), job) or '')
    call('ZREM', L.waiting_key(host), job)
  end
  L.hold_back(job, state ~= 'running')
  if state == 'running' and L.is_busy(job) then
    L.set_state(job, 'pausing')
    L.index(job)
    L.emit('job.pausing', L.at(job), '{' .. data .. '}')
  else
    L.now_paused(job, data)
  end
  if state == 'waiting' then L.wake_waiters(host) end
end

-- Whether a step runs, or was begun and its call may still run.
function L.is_busy(job)
  if call('SCARD', L.job(job) .. ':run') > 0 or L.has_ready(job) then return true end
  for _, step in ipairs(call('SMEMBERS', L.job(job) .. ':due')) do
    if call('HEXISTS', L.steps(job), 'k:' .. step) == 1 then return true end
  end
  return false
end

-- Called when a lease has ended: a job that is pausing is paused when it was the last one.
function L.rest(job)
  local found = call('HMGET', L.job(job), 'state', 'ending')
  if found[1] == 'pausing' and found[2] == '' and not L.is_busy(job) then L.now_paused(job, '') end
end

function L.now_paused(job, data)
  local key = L.job(job)
  local deadline = L.num(key, 'deadline_at', 0)
  call('HSET', key, 'paused_at', L.time(NOW))
  if deadline > 0 then
    call('HSET', key, 'deadline_left', L.time(deadline - NOW), 'deadline_at', '')
    call('ZREM', NS .. 'deadlines', job)
  end
  L.set_state(job, 'paused')
  L.emit('job.paused', L.at(job), '{' .. data .. '}')
end

function L.resume(job, state, data)
  local key = L.job(job)
  local found = call('HMGET', key, 'paused_from', 'paused_place', 'host_id')
  local goes = found[1]
  if state == 'paused' then L.clocks_go_on(job) end
  L.forget_pause(key)
  L.set_state(job, goes)
  L.emit('job.resumed', L.at(job), '{"state":"' .. goes .. '",' .. data .. '}')
  L.release_held(job)
  if goes ~= 'waiting' then return L.index(job) end
  local host, memory, disk = found[3], L.wanted(job)
  -- It keeps its place: nobody gains or loses by a pause.
  call('ZADD', L.waiting_key(host), found[2] ~= '' and found[2] or L.turn(), job)
  L.emit('job.waiting', L.at(job), L.shortage(host, L.owner_at(key), 'capacity', memory, disk))
  L.wake_waiters(host)
end

function L.release_held(job)
  local later = L.job(job) .. ':later'
  local steps = call('ZRANGE', later, 0, -1)
  call('DEL', later)
  for _, step in ipairs(steps) do L.ready(job, step, L.meta(job, step)) end
end

-- The time of a pause counts neither for the job's deadline nor for those of steps that were begun.
function L.clocks_go_on(job)
  local key, steps = L.job(job), L.steps(job)
  local stood = NOW - L.num(key, 'paused_at', NOW)
  local left = L.num(key, 'deadline_left', nil)
  if left then
    call('HSET', key, 'deadline_at', L.time(NOW + left))
    call('ZADD', NS .. 'deadlines', NOW + left, job)
  end
  for _, set in ipairs({ call('ZRANGE', key .. ':later', 0, -1), call('SMEMBERS', key .. ':due') }) do
    for _, step in ipairs(set) do
      if call('HEXISTS', steps, 'sb:' .. step) == 1 then call('HINCRBYFLOAT', steps, 'z:' .. step, stood) end
    end
  end
end

function L.forget_pause(key) call('HDEL', key, 'paused_from', 'paused_at', 'paused_place', 'deadline_left') end

-- When the clock of a step's try began, pauses taken off.
function L.clock_of(job, step)
  local found = call('HMGET', L.steps(job), 'sb:' .. step, 'z:' .. step)
  if not found[1] or not found[2] then return found[1] or '' end
  return L.time(tonumber(found[1]) + tonumber(found[2]))
end
