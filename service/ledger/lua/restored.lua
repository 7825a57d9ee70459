-- Puts what a restore has laid aside (restoring:key:<name>) into its place, in one move. Replies {'', keys, leases given
-- back}, or why not: {'workers', count} while workers live in this ledger, {'filled', count} when it is not empty.
local aside = NS .. 'restoring:key:'

-- A running service writes these into an empty ledger by itself.
local own = { [NS .. 'restoring:by'] = true }
for _, name in ipairs({ 'schema', 'sweep_host', 'swept_at', 'tally', 'tenants_counted' }) do own[NS .. name] = true end
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
local function clocks_go_on(job)
  local steps = L.steps(job)
  local found = L.hash(steps)
  for field, state in pairs(found) do
    local way, step = string.match(field, '^([su]):(.*)$')
    if way and (state == 'ready' or state == 'running') then
      if way == 'u' then call('HDEL', steps, 'ub:' .. step) end
      if found['sb:' .. step] then call('HINCRBYFLOAT', steps, 'z:' .. step, gone) end
    end
  end
end
for state in pairs(TRANSITIONS) do
  -- The clocks of a paused job stand, and go on when it does.
  if not TERMINAL[state] and state ~= 'paused' then
    for _, job in ipairs(call('ZRANGE', NS .. 'ix:job:state:' .. state, 0, -1)) do clocks_go_on(job) end
  end
end
for set, field in pairs({ deadlines = 'deadline_at', start_by = 'start_by', approvals = 'approval_until' }) do
  local times = call('ZRANGE', NS .. set, 0, -1, 'WITHSCORES')
  for i = 1, #times, 2 do
    -- The time for a start counts from `not_before` at the earliest.
    local opens = set == 'start_by' and L.num(L.job(times[i]), 'not_before', 0) or 0
    local when = tonumber(times[i + 1]) + math.max(0, math.min(gone, NOW - opens))
    call('ZADD', NS .. set, L.time(when), times[i])
    call('HSET', L.job(times[i]), field, L.time(when))
  end
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
