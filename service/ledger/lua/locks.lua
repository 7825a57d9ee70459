-- Who holds what on a host, and who waits. Replies a flat list; its parts are texts and lists of rows. Jobs beyond the
-- first 200 are counted in `left_off` only.
local host, key, MOST = A.host, L.host(A.host), 200
local wanted, seen, left_off = {}, {}, 0
local function ask(job)
  if seen[job] then return end
  seen[job] = true
  if #wanted < MOST then wanted[#wanted + 1] = job else left_off = left_off + 1 end
end

local waiting = {}
for _, job in ipairs(call('ZRANGE', L.waiting_key(host), 0, MOST - 1)) do
  local memory, disk = L.wanted(job)
  waiting[#waiting + 1] = { job, 'room', memory, disk }
  ask(job)
end
for _, parking in ipairs({ ':blocked', ':blocked_heavy' }) do
  for _, job in ipairs(call('ZRANGE', key .. parking, 0, MOST - 1)) do
    waiting[#waiting + 1] = { job, parking == ':blocked' and 'step' or 'heavy_step', 0, 0 }
    ask(job)
  end
end

local running = {}
for _, member in ipairs(call('SMEMBERS', key .. ':run')) do
  local job, step = L.parts(member)
  local found = call('HMGET', L.steps(job), 'w:' .. step, 'cb:' .. step, 'l:' .. step, 'sb:' .. step, 'ub:' .. step)
  local heavy = call('SISMEMBER', key .. ':run_heavy', member)
  running[#running + 1] = { job, step, found[1] or '', found[2] or '', found[3] or '', found[4] or found[5] or '', heavy }
  ask(job)
end

local labs = {}
local held = call('HGETALL', key .. ':held')
for i = 1, #held, 2 do
  if string.sub(held[i], 1, 4) == 'lab_' then
    local found = call('HMGET', L.lab(held[i]), 'expires_at', 'tenant', 'state')
    labs[#labs + 1] = { held[i], found[1] or '', found[2] or '', found[3] or '' }
  else
    ask(held[i])
  end
end

local targets = call('HGETALL', key .. ':targets')
for i = 2, #targets, 2 do ask(targets[i]) end
return { 'now', L.time(NOW), 'targets', targets, 'held', held, 'labs', labs, 'running', running, 'waiting', waiting,
  'jobs', L.views(wanted, false), 'left_off', left_off }
