-- Takes the next step under a lease; replies the claim as a flat list, or nothing. Repeated with the same nonce (the
-- reply was lost), it replies the same claim.
local nonce = NS .. 'nonce:' .. A.nonce
local before = call('GET', nonce)
if before then
  local job, step = L.parts(before)
  local token = call('HGET', L.steps(job), 't:' .. step)
  if token and string.sub(token, -#A.nonce) == A.nonce then return L.claim_reply(job, step) end
  return nil
end

L.pop_due(100)
L.expire_starts(20)
local job, step, host = L.pick()
if not job then return nil end

local key, steps, meta = L.job(job), L.steps(job), L.meta(job, step)
local undo = L.get(key, 'phase') == 'undo'
call('ZREM', key .. (meta.heavy and ':rh' or ':rl'), step)
L.served(job)

local attempts_field = (undo and 'ua:' or 'a:') .. step
local attempt = L.num(steps, attempts_field, 0)
local goes_on = L.get(steps, 'c:' .. step) -- '' or how the same try was given back
if goes_on == '' or attempt == 0 then attempt = attempt + 1 end
local fence = call('HINCRBY', steps, 'f:' .. step, 1)
local base = tonumber(call('GET', NS .. 'fence_base') or '0') -- set by a restore: hosts have seen fences above ours
if fence <= base then
  fence = base + 1
  call('HSET', steps, 'f:' .. step, string.format('%d', fence))
end
local token = string.format('%d', fence) .. ':' .. A.worker .. ':' .. A.nonce
local started_field = (undo and 'ub:' or 'sb:') .. step
local started = L.get(steps, started_field)
if started == '' then
  started = L.time(NOW)
  call('HSET', steps, started_field, started)
end
call('HSET', steps, (undo and 'u:' or 's:') .. step, 'running', attempts_field, attempt, 't:' .. step, token,
  'w:' .. step, A.worker, 'l:' .. step, L.time(NOW + A.lease), 'cb:' .. step, L.time(NOW))
if not undo then call('HDEL', steps, 'x:' .. step) end
L.take_lease(job, step, host, meta.heavy, A.worker, NOW + A.lease)

if L.get(key, 'state') == 'queued' then
  if L.get(key, 'started_at') == '' then call('HSET', key, 'started_at', L.time(NOW)) end
  if L.get(key, 'start_by') ~= '' then call('ZREM', NS .. 'start_by', job) end
  L.set_state(job, 'running')
  L.emit('job.started', L.at(job), '{}')
else
  L.touch(job)
end
if goes_on ~= 'waited' then
  L.emit('step.started', L.at(job, step), string.format('{"attempt":%d,"generation":%d,"fence":%d,"phase":"%s","worker":%s}',
    attempt, L.num(steps, 'g:' .. step, 1), fence, undo and 'undo' or 'forward', L.quote(A.worker)))
end
call('SET', nonce, L.member(job, step), 'EX', 60)
return L.claim_reply(job, step)
