-- Replies what metrics show of the ledger, in one read: jobs by kind and state, deliveries and endpoints, workers, hosts,
-- and how long the first steps in line wait. Its first call begins the counting of jobs; from then on moves keep it.
local tally = NS .. 'tally'
if call('EXISTS', tally) == 0 then
  call('HSET', tally, '|', 0) -- stands for nothing, so that the key is there even without a job
  for _, job in ipairs(call('ZRANGE', NS .. 'ix:job:all', 0, -1)) do
    L.tally(L.job(job), '', L.get(L.job(job), 'state'))
  end
end

-- The steps that would be claimed next, of so many tenants and jobs: a bound, and all of them in any usual line.
local function oldest_ready()
  local first = NOW
  for priority = 0, 2 do
    local tenants = NS .. 'ready:' .. priority
    for _, tenant in ipairs(call('ZRANGE', tenants, 0, 19)) do
      for _, job in ipairs(call('ZRANGE', tenants .. ':' .. tenant, 0, 9)) do
        for _, set in ipairs({ ':rl', ':rh' }) do
          local step = call('ZRANGE', L.job(job) .. set, 0, 0)[1]
          local since = step and L.ready_since(job, step) or 0
          if since > 0 then first = math.min(first, since) end
        end
      end
    end
  end
  return L.time(NOW - first)
end

local endpoints = { active = 0, resting = 0, disabled = 0 }
for _, id in ipairs(call('ZRANGE', NS .. 'ix:endpoint', 0, 4999)) do
  local state = L.get(NS .. 'endpoint:' .. id, 'state')
  if state == 'active' and L.rests(id) then state = 'resting' end
  if endpoints[state] then endpoints[state] = endpoints[state] + 1 end
end

local hosts = {}
for _, id in ipairs(call('ZRANGE', NS .. 'ix:host', 0, 999)) do
  local away = tonumber(L.get(L.host(id), 'unreachable_since'))
  for _, value in ipairs({ id, call('SCARD', L.host(id) .. ':run'), call('SCARD', L.host(id) .. ':run_heavy'),
    call('ZCARD', L.waiting_key(id)), L.time(away and math.max(0, NOW - away) or 0) }) do
    hosts[#hosts + 1] = value
  end
end

return { call('HGETALL', tally), call('ZCARD', NS .. 'ix:delivery:state:pending'),
  { 'active', endpoints.active, 'resting', endpoints.resting, 'disabled', endpoints.disabled },
  call('ZCOUNT', NS .. 'workers', '(' .. L.time(NOW), '+inf'), hosts, oldest_ready() }
