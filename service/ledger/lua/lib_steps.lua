-- Steps of a job. <job>:meta has a fixed row a step, <job>:st what changes, as <attribute>:<step>:
--   s state, d open needs, a attempts, g generation, f fence, t token, r last accepted token, w worker, c goes on after
--   a wait or release, o an earlier run began it and nobody has undone it, sb started, e ended, p percent, m message, x error, q memo, i intent, k the call (JSON) that was
--   begun and whose end nobody has told, z seconds of pauses, rd when it became ready last; for undo u state, od open dependents, ua attempts, ub started.

function L.steps(job) return L.job(job) .. ':st' end

-- Row: {action, needs csv, dependents csv, weight, max attempts, heavy, undoable, tail seconds}
function L.meta(job, step)
  local row = cjson.decode(call('HGET', L.job(job) .. ':meta', step))
  return { action = row[1], needs = row[2], deps = row[3], weight = row[4], max_attempts = row[5], heavy = row[6] == 1,
    undoable = row[7] == 1, tail = row[8] }
end

function L.at(job, step)
  local found = call('HMGET', L.job(job), 'lab_id', 'id')
  if not step then return { job = job, lab = found[1] or '' } end
  return { job = job, lab = found[1] or '', step = step, node = call('HGET', L.job(job) .. ':node', step) or '' }
end

function L.touch(job) call('HINCRBY', L.job(job), 'version', 1) end

-- Makes a step claimable now, or after the pause of its job.
function L.ready(job, step, meta)
  local state = L.get(L.job(job), 'phase') == 'undo' and 'u:' or 's:'
  call('HSET', L.steps(job), state .. step, 'ready', 'rd:' .. step, L.time(NOW))
  if L.is_held(job, step) then return L.hold_step(job, step, meta) end
  call('ZADD', L.job(job) .. (meta.heavy and ':rh' or ':rl'), -meta.tail, step)
  L.index(job)
end

-- Makes a step claimable at a later time.
function L.ready_at(job, step, when)
  local state = L.get(L.job(job), 'phase') == 'undo' and 'u:' or 's:'
  call('HSET', L.steps(job), state .. step, 'ready')
  call('ZADD', NS .. 'due', when, L.member(job, step))
  call('SADD', L.job(job) .. ':due', step)
end

-- Moves steps whose time has come to the ready sets; returns how many.
function L.pop_due(limit)
  local members = call('ZRANGEBYSCORE', NS .. 'due', '-inf', NOW, 'LIMIT', 0, limit)
  for _, member in ipairs(members) do
    local job, step = L.parts(member)
    call('ZREM', NS .. 'due', member)
    if call('SREM', L.job(job) .. ':due', step) == 1 then L.ready(job, step, L.meta(job, step)) end
  end
  return #members
end

-- Since when a ready step waits for a worker: since it became ready, or since its job was queued; 0 when nobody knows.
function L.ready_since(job, step)
  return math.max(L.num(L.steps(job), 'rd:' .. step, 0), L.num(L.job(job), 'queued_at', 0))
end

-- Takes all steps of a job that nobody runs out of every queue.
function L.clear_ready(job)
  L.deindex(job)
  call('DEL', L.job(job) .. ':rl', L.job(job) .. ':rh', L.job(job) .. ':later')
  for _, step in ipairs(call('SMEMBERS', L.job(job) .. ':due')) do call('ZREM', NS .. 'due', L.member(job, step)) end
  call('DEL', L.job(job) .. ':due')
end

-- Keeps an exponential moving average of real durations an action and host, and one over all hosts.
function L.learn(job, step, meta)
  local started = tonumber(L.clock_of(job, step)) or NOW
  local host = L.get(L.job(job), 'host_id')
  for _, key in ipairs({ NS .. 'estimate:' .. host, NS .. 'estimate:' }) do
    local old = L.num(key, meta.action, nil)
    local seconds = math.max(0.001, NOW - started)
    call('HSET', key, meta.action, L.time(old and old * 0.7 + seconds * 0.3 or seconds))
    if host == '' then return end
  end
end

-- Seconds that a step is likely to take: what was learned on this host, else on any, else the plan's weight.
function L.expected(host, action, weight)
  if host ~= '' then
    local here = L.num(NS .. 'estimate:' .. host, action, nil)
    if here then return here end
  end
  return L.num(NS .. 'estimate:', action, nil) or math.max(weight, 0.001)
end

-- A forward step is done: what needs it comes nearer.
function L.advance(job, step, meta)
  local key, steps = L.job(job), L.steps(job)
  call('HINCRBY', key, 'open', -1)
  call('HINCRBY', key, 'steps_done', 1)
  call('HINCRBYFLOAT', key, 'w_done', meta.weight)
  if meta.heavy then call('HINCRBYFLOAT', key, 'h_done', meta.weight) end
  local stopping = L.get(key, 'ending') ~= ''
  for _, dependent in ipairs(L.split(meta.deps)) do
    if call('HINCRBY', steps, 'd:' .. dependent, -1) == 0 and not stopping then
      L.ready(job, dependent, L.meta(job, dependent))
    end
  end
end

-- Gives a step another try later, in a new generation.
function L.try_again(job, step, delay)
  local steps = L.steps(job)
  L.next_generation(job, step)
  if delay > 0 then
    L.ready_at(job, step, NOW + delay)
  else
    L.ready(job, step, L.meta(job, step))
  end
  call('HSET', steps, 'p:' .. step, 0)
end

function L.next_generation(job, step)
  local steps = L.steps(job)
  call('HSET', steps, 'g:' .. step, L.num(steps, 'g:' .. step, 1) + 1)
  call('HDEL', steps, 'sb:' .. step, 'ub:' .. step, 'q:' .. step, 'c:' .. step, 'e:' .. step, 'i:' .. step,
    'z:' .. step)
end

-- A lease ended without a word (sweep, or a worker's new life). The generation stays: another worker asks the host's
-- journal for the same calls.
function L.lose(job, step)
  local key, steps = L.job(job), L.steps(job)
  if not call('HGET', steps, 't:' .. step) then
    call('ZREM', NS .. 'leases', L.member(job, step))
    return false
  end
  local undo, meta = L.get(key, 'phase') == 'undo', L.meta(job, step)
  local attempts = L.num(steps, (undo and 'ua:' or 'a:') .. step, 0)
  local worker = L.get(steps, 'w:' .. step)
  L.drop_lease(job, step)
  L.touch(job)
  L.emit('step.lost', L.at(job, step), string.format('{"worker":%s,"attempt":%d}', L.quote(worker), attempts))
  call('HDEL', steps, 'c:' .. step)
  if not undo and L.get(key, 'ending') ~= '' then
    call('HSET', key, 'cancel_unconfirmed', 1) -- its last call may still run on the host
    L.end_step(job, step, 'cancelled', '{"reason":"lease lost"}')
    L.settle(job)
  elseif attempts < meta.max_attempts then
    L.ready(job, step, meta)
  else
    L.exhausted(job, step, meta, attempts)
  end
  L.rest(job)
  return true
end

-- A lease is taken from a worker that does not know it: the try goes on with whoever claims the step next.
function L.give_back_unasked(job, step)
  local key, steps = L.job(job), L.steps(job)
  if not call('HGET', steps, 't:' .. step) then return call('ZREM', NS .. 'leases', L.member(job, step)) end
  local undo = L.get(key, 'phase') == 'undo'
  L.drop_lease(job, step)
  L.touch(job)
  if not undo and L.get(key, 'ending') ~= '' then
    call('HSET', key, 'cancel_unconfirmed', 1)
    L.end_step(job, step, 'cancelled', '{"reason":"lease lost"}')
    L.settle(job)
  else
    call('HSET', steps, 'c:' .. step, 'released')
    L.emit('step.released', L.at(job, step), '{}')
    L.ready(job, step, L.meta(job, step))
  end
  L.rest(job)
end

function L.exhausted(job, step, meta, attempts)
  local problem = L.error('attempts_exhausted', 'The step was tried as often as it may be',
    string.format('%s lost its worker in try %d of %d.', step, attempts, meta.max_attempts),
    'Look at the workers that ran it, then retry the job.')
  if L.get(L.job(job), 'phase') == 'undo' then
    L.undo_failed(job, step, problem)
  else
    L.fail_step(job, step, problem)
  end
end

-- Whether a call id names a later call than `before`: the number behind # rises within a scope.
function L.is_later(before, call_id)
  local scope, number = string.match(call_id, '^(.*)#(%d+)$')
  local old_scope, old_number = string.match(before, '^(.*)#(%d+)$')
  return not scope or scope ~= old_scope or tonumber(number) >= tonumber(old_number)
end

function L.end_step(job, step, state, data)
  call('HSET', L.steps(job), 's:' .. step, state, 'e:' .. step, L.time(NOW))
  L.emit('step.' .. state, L.at(job, step), data)
end
