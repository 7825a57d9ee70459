-- Records how a step was left. Replies 1 (accepted, now or before with the same token) or 0 (stale).
local job, step = A.job, A.step
local key, steps = L.job(job), L.steps(job)
if call('HGET', steps, 't:' .. step) ~= A.token then
  return call('HGET', steps, 'r:' .. step) == A.token and 1 or 0
end

local undo, meta = L.get(key, 'phase') == 'undo', L.meta(job, step)
local attempts = L.num(steps, (undo and 'ua:' or 'a:') .. step, 0)
L.drop_lease(job, step)
call('HSET', steps, 'r:' .. step, A.token)
L.touch(job)
for _, fact in ipairs(A.facts) do call('HSET', key .. ':facts', fact[1], fact[2]) end
if A.message ~= '' then call('HSET', steps, 'm:' .. step, A.message) end
if A.unconfirmed then call('HSET', key, 'cancel_unconfirmed', 1) end
if not A.call_open then call('HDEL', steps, 'k:' .. step) end

if A.host_error then L.note_contact(L.get(key, 'host_id'), A.host_error, A.host_away) end

local function keep_report()
  local host = L.get(key, 'host_id')
  if A.host_report == '' or host == '' or call('EXISTS', L.host(host)) == 0 then return end
  call('HSET', L.host(host), 'report', A.host_report, 'inspected_at', L.time(NOW))
  if A.host_memory_mib > 0 then call('HSET', L.host(host), 'seen_mem', A.host_memory_mib) end
  call('HINCRBY', L.host(host), 'version', 1)
  L.emit('host.inspected', L.at(job, step), '{"host_id":' .. L.quote(host) .. '}')
  L.wake_waiters(host)
end

local problem = A.error
if problem == '' then
  problem = L.error('step_failed', 'The step failed', step .. ' ended without a reason.', 'Look at the events of the step.')
end
local stopping = not undo and L.get(key, 'ending') ~= ''
local outcome = A.outcome
if outcome == 'failed' and A.requeue and not stopping then outcome = 'requeue' end
if outcome == 'cancelled' and not stopping then outcome = 'failed' end -- nobody asked: the worker gave up
if outcome == 'failed' and A.retryable and attempts < meta.max_attempts and not stopping then outcome = 'retry' end

local moves = {}

function moves.succeeded()
  keep_report()
  if undo then
    if meta.action == 'ReshapeLab' and not L.unshape_lab(job) then
      return L.undo_failed(job, step, L.error('lab_changed_since', 'The lab has other nodes by now',
        'Another job has changed the nodes of the lab, whose record still names those of this job.',
        'Take them off with remove_node.'))
    end
    return L.undo_succeeded(job, step)
  end
  if A.outcome == 'succeeded' then L.learn(job, step, meta) end
  call('HSET', steps, 'p:' .. step, 100)
  call('HDEL', steps, 'x:' .. step, 'c:' .. step)
  L.end_step(job, step, A.outcome, string.format('{"attempt":%d}', attempts))
  L.advance(job, step, meta)
  if meta.action == 'ReleaseLab' then
    local lab = L.get(key, 'lab_id')
    if lab ~= '' then L.remove_lab(job, lab, 'teardown') end
  end
  L.step_done(job, meta.action, A.facts)
  if L.get(key, 'ending') == '' and L.num(key, 'open', 0) == 0 then return L.finalize(job, 'succeeded', true) end
  L.settle(job)
end
moves.skipped = moves.succeeded

function moves.failed()
  if undo then return L.undo_failed(job, step, problem) end
  L.fail_step(job, step, problem)
end

function moves.retry()
  call('HSET', steps, 'x:' .. step, problem)
  local delay = math.max(0, A.retry_after)
  L.try_again(job, step, delay)
  L.emit('step.retried', L.at(job, step), string.format('{"attempt":%d,"retry_after_seconds":%.3f,"error":%s}', attempts, delay,
    problem))
end

function moves.cancelled() L.end_step(job, step, 'cancelled', '{}') L.settle(job) end

-- Gives the step back; the next claim goes on with the same try. Only the first of a row of waits is an event.
local function give_back(kind, delay, data)
  if stopping then
    if A.call_open then call('HSET', key, 'cancel_unconfirmed', 1) end
    return moves.cancelled()
  end
  local known = L.get(steps, 'c:' .. step) == 'waited'
  call('HSET', steps, 'c:' .. step, kind)
  if kind ~= 'released' or A.memo ~= '{}' then call('HSET', steps, 'q:' .. step, A.memo) end
  if kind == 'released' or not known then L.emit('step.' .. kind, L.at(job, step), data) end
  if delay > 0 then return L.ready_at(job, step, NOW + delay) end
  L.ready(job, step, meta)
end

function moves.wait()
  give_back('waited', math.max(0, A.wait), string.format('{"wait_seconds":%.3f,"message":%s}', A.wait, L.quote(A.message)))
end

function moves.requeue()
  local delay = A.retry_after > 0 and A.retry_after or 30
  give_back('waited', delay, string.format('{"wait_seconds":%.3f,"reason":"capacity","error":%s}', delay, problem))
end

function moves.released() give_back('released', 0, '{}') end

if not moves[outcome] then error('unknown outcome ' .. outcome) end
moves[outcome]()
L.rest(job)
return 1
