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
if F.creates_lab == 1 and A.keeps_off_cordoned == 1 and L.get(L.host(host), 'cordoned') == '1' then
  return { 'refused', '', '{"reason":"cordoned"}', 0 }
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
-- For a job that begins later it matters only whether it could ever fit.
local gated = tonumber(F.not_before) ~= nil and tonumber(F.not_before) > NOW
  or L.approval_by(host, F.approval, F.host_gates) ~= ''
local short = L.short_of(host, F.mem, F.disk, F.priority)
if short and (short == 'never_fits' or ((F.admission == 'refuse' or A.elsewhere == 1) and not gated)) then
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
  'turn', L.turn(), 'steps_done', 0, 'open', #A.steps, 'w_done', 0, 'h_done', 0)
if A.idem_key ~= '' then
  call('HSET', idem, 'job', A.job, 'fingerprint', A.fingerprint)
  call('EXPIRE', idem, A.idem_ttl)
end
if F.chat ~= '' then L.chat_open(cjson.decode(F.chat)) end
L.take_targets(host, targets, A.job)
if host ~= '' then call('SADD', L.host(host) .. ':jobs', A.job) end
for _, name in ipairs({ 'all', 'kind:' .. F.kind, 'host:' .. host, 'lab:' .. lab }) do
  call('ZADD', NS .. 'ix:job:' .. name, NOW, A.job)
end
if F.shape_request then call('HSET', key, 'shape_from', L.shape_of(lab)) end
L.index_owner(NS .. 'ix:job:', tenant, A.job)
L.count_in(tenant, 'jobs', A.job)
L.label(A.job, A.labels, NOW)

local count = L.first_states(A.job, A.steps, L.write_graph(A.job, host, A.steps, A.order))

if creates and lab ~= '' then
  L.create_lab(A.job, lab)
elseif lab ~= '' then
  L.copy_facts(L.lab(lab), key)
end
L.enter(A.job, short or false)
-- The wake-ups are in the workers' queue in the same moment as the work. A queue that is no list is the sweep's trouble.
if gated or short then count = 0 end
if A.wake.text and count > 0 then
  local room = 64 - (tonumber(redis.pcall('LLEN', A.wake.queue)) or 64)
  for i = 1, math.min(count, room) do
    redis.pcall('LPUSH', A.wake.queue, (string.gsub(A.wake.text, A.wake.id, redis.sha1hex(A.job .. i))))
  end
end
return { 'created', A.job, '{}', count, L.views({ A.job }, true)[1] }
