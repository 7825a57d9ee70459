-- Creates a job in one move. Replies {outcome, job id or holder or state, detail, steps ready, the job's view}.
local F = A.fields
local key = L.job(A.job)

if call('EXISTS', key) == 1 then return { 'created', A.job, '{}', 0, L.views({ A.job }, true)[1] } end -- the reply was lost and the call repeated

local idem = NS .. 'idem:' .. A.idem_key
if A.idem_key ~= '' then
  local found = call('HMGET', idem, 'job', 'fingerprint')
  if found[1] and call('EXISTS', L.job(found[1])) == 1 then
    if found[2] == A.fingerprint then return { 'replayed', found[1], '{}', 0, L.views({ found[1] }, true)[1] } end
    return { 'conflict', found[1], '{"job_id":' .. L.quote(found[1]) .. '}', 0 }
  end
end

local host, lab, creates, tenant = F.host_id, F.lab_id, F.creates_lab == 1, L.owner(F.tenant)
if host ~= '' and call('EXISTS', L.host(host)) == 0 then return { 'no_host', '', '{}', 0 } end
if lab ~= '' and not creates then
  local state = L.get(L.lab(lab), 'state')
  if state == '' or L.owner_at(L.lab(lab)) ~= tenant then return { 'no_lab', '', '{}', 0 } end
  if state == 'removed' or state == 'removing' or state == 'building' then return { 'lab_state', state, '{}', 0 } end
end
-- What a teardown gives back is worth more than its place among the jobs.
local beyond = F.removes_lab ~= 1 and L.beyond_quota(tenant, { 1, F.nodes, F.mem })
if beyond then return { 'quota', '', beyond, 0 } end
local targets = L.targets(F.targets, lab)
local holder, held = L.busy_target(host, targets, A.job)
if holder then
  local who = L.owner_of(holder) == tenant and '"holder":' .. L.quote(holder) .. ',' or ''
  return { 'target_busy', holder, '{' .. who .. '"target":' .. L.quote(held) .. '}', 0 }
end
local short = L.short_of(host, F.mem, F.disk, F.priority)
if short and (short == 'never_fits' or F.admission == 'refuse') then
  return { 'refused', '', L.shortage(host, tenant, short, F.mem, F.disk), 0 }
end

-- From here on everything is written.
local fields = {}
for name, value in pairs(F) do
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end
call('HSET', key, unpack(fields))
call('HSET', key, 'state', '', 'version', 0, 'created_at', L.time(NOW), 'phase', 'forward', 'ending', '', 'error', '',
  'turn', L.turn(), 'steps_total', #A.steps, 'steps_done', 0, 'open', #A.steps)
call('SET', key .. ':order', A.order)
if A.idem_key ~= '' then
  call('HSET', idem, 'job', A.job, 'fingerprint', A.fingerprint)
  call('EXPIRE', idem, A.idem_ttl)
end
if F.chat ~= '' then L.chat_open(cjson.decode(F.chat)) end
L.take_targets(host, targets, A.job)
if host ~= '' then call('SADD', L.host(host) .. ':jobs', A.job) end
if F.deadline_seconds > 0 then
  call('HSET', key, 'deadline_at', L.time(NOW + F.deadline_seconds))
  call('ZADD', NS .. 'deadlines', NOW + F.deadline_seconds, A.job)
end
for _, name in ipairs({ 'all', 'kind:' .. F.kind, 'host:' .. host, 'lab:' .. lab }) do
  call('ZADD', NS .. 'ix:job:' .. name, NOW, A.job)
end
L.index_owner(NS .. 'ix:job:', tenant, A.job)
L.count_in(tenant, 'jobs', A.job)
for _, label in ipairs(A.labels) do
  local name = label[1] .. '=' .. label[2]
  call('ZADD', NS .. 'ix:job:label:' .. name, NOW, A.job)
  call('SADD', key .. ':labels', name)
end

-- The graph: rows {id, action, needs csv, weight, max attempts, heavy, undoable, spec, node}.
local deps, tails, weights = {}, {}, {}
for _, row in ipairs(A.steps) do
  weights[row[1]] = L.expected(host, row[2], row[4])
  for _, need in ipairs(L.split(row[3])) do
    deps[need] = deps[need] or {}
    table.insert(deps[need], row[1])
  end
end
local specs, metas, nodes, opens, ready = {}, {}, {}, {}, { rl = {}, rh = {} }
local total, heavy_total, longest, count = 0, 0, 0, 0
for i = #A.steps, 1, -1 do -- steps are listed after what they need, so every dependent's tail is known here
  local row = A.steps[i]
  local id, weight, tail = row[1], weights[row[1]], 0
  for _, dependent in ipairs(deps[id] or {}) do tail = math.max(tail, tails[dependent]) end
  tails[id] = tail + weight
  total, longest = total + weight, math.max(longest, tails[id])
  if row[6] == 1 then heavy_total = heavy_total + weight end
  table.insert(specs, id)
  table.insert(specs, row[8])
  table.insert(metas, id)
  table.insert(metas, cjson.encode({ row[2], row[3], table.concat(deps[id] or {}, ','), weight, row[5], row[6], row[7],
    tails[id] }))
  if row[9] ~= '' then
    table.insert(nodes, id)
    table.insert(nodes, row[9])
  end
  if row[3] == '' then
    local set = ready[row[6] == 1 and 'rh' or 'rl']
    table.insert(set, -tails[id])
    table.insert(set, id)
    table.insert(opens, 's:' .. id)
    table.insert(opens, 'ready')
    count = count + 1
  else
    table.insert(opens, 'd:' .. id)
    table.insert(opens, #L.split(row[3]))
  end
end
L.many('HSET', key .. ':spec', specs)
L.many('HSET', key .. ':meta', metas)
L.many('HSET', key .. ':st', opens)
if #nodes > 0 then L.many('HSET', key .. ':node', nodes) end
for set, values in pairs(ready) do if #values > 0 then L.many('ZADD', key .. ':' .. set, values) end end
call('HSET', key, 'w_total', L.time(total), 'w_done', 0, 'h_total', L.time(heavy_total), 'h_done', 0,
  'longest', L.time(longest))

if creates and lab ~= '' then
  L.create_lab(A.job, lab)
elseif lab ~= '' then
  L.copy_facts(L.lab(lab), key)
  if F.removes_lab == 1 then
    call('HSET', L.lab(lab), 'state_before', L.get(L.lab(lab), 'state'))
    L.lab_state(lab, 'removing')
    call('ZREM', NS .. 'lab_leases', lab)
  end
end
L.admit(A.job, short ~= nil)
if #A.steps == 0 and not short then
  L.set_state(A.job, 'running')
  L.finalize(A.job, 'succeeded', true)
end
-- The wake-ups are in the workers' queue in the same moment as the work. A queue that is no list is the sweep's trouble.
if A.wake.text and not short then
  local room = 64 - (tonumber(redis.pcall('LLEN', A.wake.queue)) or 64)
  for i = 1, math.min(count, room) do
    redis.pcall('LPUSH', A.wake.queue, (string.gsub(A.wake.text, A.wake.id, redis.sha1hex(A.job .. i))))
  end
end
return { 'created', A.job, '{}', short and 0 or count, L.views({ A.job }, true)[1] }
