-- Puts what a restore has laid aside (restoring:key:<name>) into its place, in one move. Replies {'', keys, leases given
-- back}, or why not: {'workers', count} while workers live in this ledger, {'filled', count} when it is not empty.
local aside = NS .. 'restoring:key:'

-- A running service writes these into an empty ledger by itself.
local own = { [NS .. 'schema'] = true, [NS .. 'sweep_host'] = true, [NS .. 'restoring:by'] = true }
local old, new, filled = {}, {}, 0
for _, key in ipairs(call('KEYS', NS .. '*')) do
  if string.sub(key, 1, #aside) == aside then
    new[#new + 1] = key
  else
    old[#old + 1] = key
    if not own[key] then filled = filled + 1 end
  end
end
local living = call('ZCOUNT', NS .. 'workers', NOW, '+inf')
if living > 0 then return { 'workers', living } end
if filled > 0 and not A.replace then return { 'filled', filled } end

local function number(key) return tonumber(call('GET', key) or '') or 0 end
local base = math.max(number(NS .. 'fence_base'), number(aside .. 'fence_base'), math.floor(NOW * 1000))
for _, key in ipairs(old) do call('UNLINK', key) end
for _, key in ipairs(new) do call('RENAME', key, NS .. string.sub(key, #aside + 1)) end

-- Hosts have seen fences that this ledger knows nothing of. A step is never claimed a thousand times a second, so the
-- milliseconds of now are above all that were given since the backup, also when it is restored again.
call('SET', NS .. 'fence_base', string.format('%d', base))

-- Nobody of the backup's time works any more; the next claim of a step goes on with the same try and asks the host's
-- journal for its calls. The time between counts for no clock of a job or step.
local gone = math.max(0, NOW - A.taken_at)
local leases = call('ZRANGE', NS .. 'leases', 0, -1)
local begun = call('ZRANGE', NS .. 'due', 0, -1)
for _, member in ipairs(leases) do begun[#begun + 1] = member end
for _, member in ipairs(begun) do
  local job, step = L.parts(member)
  local steps = L.steps(job)
  if call('HEXISTS', steps, 'sb:' .. step) == 1 then call('HINCRBYFLOAT', steps, 'z:' .. step, gone) end
  call('HDEL', steps, 'ub:' .. step)
end
local deadlines = call('ZRANGE', NS .. 'deadlines', 0, -1, 'WITHSCORES')
for i = 1, #deadlines, 2 do
  local when = tonumber(deadlines[i + 1]) + gone
  call('ZADD', NS .. 'deadlines', L.time(when), deadlines[i])
  call('HSET', L.job(deadlines[i]), 'deadline_at', L.time(when))
end
for _, member in ipairs(leases) do
  local job, step = L.parts(member)
  L.give_back_unasked(job, step)
end
for _, id in ipairs(call('ZRANGE', NS .. 'wl', 0, -1)) do
  call('ZREM', NS .. 'wl', id)
  if call('HDEL', NS .. 'delivery:' .. id, 'token') == 1 then call('ZADD', NS .. 'wq', NOW, id) end
end
for _, worker in ipairs(call('ZRANGE', NS .. 'workers', 0, -1)) do
  call('DEL', NS .. 'worker:' .. worker, NS .. 'worker:' .. worker .. ':leases')
end
call('DEL', NS .. 'workers')
return { '', #new, #leases }
