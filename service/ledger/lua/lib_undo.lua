-- Rollback: the steps that started are undone in the reverse order of their needs. Steps that cannot be undone pass at
-- once (they are `undone` too: a retry runs them again). One that fails to undo does not hold the others back; the job
-- then says so and the lab keeps its reservation.

function L.start_undo(job, started)
  local key, steps = L.job(job), L.steps(job)
  local is_started, first = {}, {}
  for _, step in ipairs(started) do is_started[step] = true end
  -- Also a job that only waits at its gate has begun by this: its lab is not as it was.
  call('HSET', key, 'phase', 'undo', 'uopen', #started, 'gate', 'open')
  L.set_state(job, 'rolling_back')
  L.emit('job.rolling_back', L.at(job), string.format('{"steps":%d}', #started))
  for _, step in ipairs(started) do
    local open = 0
    for _, dependent in ipairs(L.split(L.meta(job, step).deps)) do
      if is_started[dependent] then open = open + 1 end
    end
    -- A generation of its own: a second rollback must not be answered by what the first one recorded on the host.
    call('HSET', steps, 'od:' .. step, open, 'u:' .. step, 'pending', 'g:' .. step, L.num(steps, 'g:' .. step, 1) + 1)
    call('HDEL', steps, 'q:' .. step, 'c:' .. step, 'ua:' .. step, 'ub:' .. step)
    if open == 0 then first[#first + 1] = step end
  end
  L.undo_next(job, first)
end

-- Works off a list of steps whose dependents are all undone.
function L.undo_next(job, list)
  local at = 1
  while list[at] do
    local step = list[at]
    local meta = L.meta(job, step)
    if meta.undoable then
      L.ready(job, step, meta)
    else
      L.mark_undone(job, step, '{"undoable":false}')
      L.undo_cascade(job, meta, list)
    end
    at = at + 1
  end
  if L.num(L.job(job), 'uopen', 0) == 0 then
    local key = L.job(job)
    L.finalize(job, L.get(key, 'ending'), L.get(key, 'rollback_error') ~= '')
  end
end

function L.mark_undone(job, step, data)
  call('HSET', L.steps(job), 'u:' .. step, 'done', 's:' .. step, 'undone', 'e:' .. step, L.time(NOW))
  call('HDEL', L.steps(job), 'o:' .. step)
  call('HINCRBY', L.job(job), 'uopen', -1)
  L.emit('step.undone', L.at(job, step), data)
end

-- Adds to `list` the steps that this one needed and that nothing else stands on any more.
function L.undo_cascade(job, meta, list)
  local steps = L.steps(job)
  for _, need in ipairs(L.split(meta.needs)) do
    if call('HEXISTS', steps, 'od:' .. need) == 1 and call('HINCRBY', steps, 'od:' .. need, -1) == 0 then
      list[#list + 1] = need
    end
  end
end

function L.undo_succeeded(job, step)
  local list = {}
  L.mark_undone(job, step, '{"undoable":true}')
  L.undo_cascade(job, L.meta(job, step), list)
  L.undo_next(job, list)
end

function L.undo_failed(job, step, problem)
  local list = {}
  call('HSET', L.steps(job), 'u:' .. step, 'failed', 'x:' .. step, problem)
  call('HINCRBY', L.job(job), 'uopen', -1)
  local key = L.job(job)
  if L.get(key, 'rollback_error') == '' then call('HSET', key, 'rollback_error', problem) end
  if L.get(key, 'error') == '' then -- it was cancelled, which is no error: this is
    local error = L.error('rollback_failed', 'The rollback did not undo everything', step .. ' could not be undone.',
      'Look at rollback_error; retry the job or tear its lab down.')
    call('HSET', key, 'error', error, 'error_step', step)
  end
  L.emit('step.failed', L.at(job, step), '{"phase":"undo","error":' .. problem .. '}')
  L.undo_cascade(job, L.meta(job, step), list)
  L.undo_next(job, list)
end
