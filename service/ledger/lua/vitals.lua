-- Replies what tells whether the ledger is well, as a flat list: what is late, what could begin, who swept last.
local function late(set)
  local first = call('ZRANGE', NS .. set, 0, 0, 'WITHSCORES')[2]
  return L.time(first and math.max(0, NOW - tonumber(first)) or 0)
end

local function oldest(state)
  local first = call('ZRANGE', NS .. 'ix:job:state:' .. state, 0, 0, 'WITHSCORES')[2]
  return L.time(first and math.max(0, NOW - tonumber(first)) or 0)
end

local jobs = {}
for _, state in ipairs(A.states) do
  jobs[#jobs + 1] = state
  jobs[#jobs + 1] = call('ZCARD', NS .. 'ix:job:state:' .. state)
end

return { 'now', L.time(NOW), 'swept_at', call('GET', NS .. 'swept_at') or '', 'claimable', L.count_claimable(),
  'leases', call('ZCARD', NS .. 'leases'), 'lease_late', late('leases'), 'wait_late', late('due'),
  'deliveries_due', call('ZCOUNT', NS .. 'wq', '-inf', NOW), 'delivery_late', late('wq'),
  'oldest_queued', oldest('queued'), 'audit_open', call('XLEN', NS .. 'audit:open'), 'jobs', cjson.encode(jobs) }
