-- Reopens an ended job from where it stopped, with another plan when `edit` has one. Replies {code, detail}: ok, unknown,
-- changed (detail is its version), illegal (detail says why).
local job, edit = A.job, A.edit
local key, steps = L.job(job), L.steps(job)
local found = L.hash(key)
if not found.state then return { 'unknown', '' } end
if A.version > 0 and A.version ~= tonumber(found.version) then return { 'changed', found.version } end
if not TERMINAL[found.state] or found.state == 'succeeded' then return { 'illegal', found.state } end
local host, lab = found.host_id, found.lab_id
if host ~= '' and call('EXISTS', L.host(host)) == 0 then return { 'illegal', 'its host was deleted' } end
local lab_state = lab ~= '' and L.get(L.lab(lab), 'state') or ''
if lab_state == 'removing' then return { 'illegal', 'its lab is being removed' } end
if lab ~= '' and (lab_state == '' or lab_state == 'removed') then
  -- A lab that this job's own rollback removed can be built again; one that a teardown removed cannot.
  local own = found.creates_lab == '1' and L.get(L.lab(lab), 'removed_by') == 'rolled_back'
  if not own then return { 'illegal', 'its lab was removed' } end
end
if L.is_reshaped(found) then return { 'illegal', 'another job has changed the nodes of its lab: submit it anew' } end
if found.creates_lab == '1' and L.get(L.lab(lab), 'broken_by') ~= '' then
  return { 'illegal', 'a teardown has removed parts of its lab' }
end
local targets = L.targets(edit and edit.fields.targets or found.targets, lab)
local holder, held = L.busy_target(host, targets, job)
local tenant = L.owner(found.tenant)
if holder then
  return { 'illegal', (L.owner_of(holder) == tenant and holder or 'a job of another tenant') .. ' works on ' .. held }
end
local memory = tonumber(edit and edit.fields.mem or found.mem)
local disk = tonumber(edit and edit.fields.disk or found.disk)
-- What is left of its lab still holds its reservation.
local has = lab ~= '' and host ~= '' and L.held(host, lab) or nil
if L.never_fits(host, memory, disk) and not (has and not edit) then
  return { 'illegal', 'the host is too small for it now' }
end
-- A lab that is still there has its nodes already, and its memory where it holds that.
local makes = found.creates_lab == '1'
local nodes, more = tonumber(edit and edit.fields.nodes or found.nodes or '') or 0, memory
if makes and lab_state ~= 'removed' then nodes = math.max(0, nodes - L.num(L.lab(lab), 'nodes', nodes)) end
if makes and has then more = math.max(0, memory - has) end
if not makes then nodes, more = L.counted(job) end
local beyond = found.removes_lab ~= '1' and L.beyond_quota(tenant, { 1, nodes, more })
if beyond then
  local said = cjson.decode(beyond)
  return { 'illegal', string.format('the quota of %s is used up: %d of %d, and %d more are wanted', said.quota, said.used,
    said.limit, said.wanted) }
end

call('HINCRBY', key, 'retries', 1)
-- The lab has what earlier runs of this job found, and what other jobs changed since.
if lab_state ~= '' and lab_state ~= 'removed' then
  call('DEL', key .. ':facts')
  L.copy_facts(L.lab(lab), key)
end
if edit then L.take_edit(job, host, lab, edit) end
if A.by ~= '' then L.note_asker(key, A.by) end
L.take_targets(host, targets, job)
L.count_in(tenant, 'jobs', job)
if host ~= '' then call('SADD', L.host(host) .. ':jobs', job) end
call('ZREM', NS .. 'ended', job)
call('HDEL', key, 'ended_at', 'error_step', 'rollback_error', 'cancel_unconfirmed', 'uopen', 'deadline_at', 'start_by')
call('HSET', key, 'phase', 'forward', 'ending', '', 'error', '', 'turn', L.turn())
if lab_state == 'removed' then -- it is made anew; one that still stands stays as it is until the job begins
  local secrets = cjson.decode(L.get(key, 'secrets'))
  for _, name in ipairs(A.of_job_only) do secrets[name] = nil end
  call('HSET', L.lab(lab), 'removed_at', '', 'removed_by', '', 'secrets', cjson.encode(secrets))
  call('ZREM', NS .. 'removed_labs', lab)
  L.count_in(tenant, 'labs', lab)
  if host ~= '' then call('SADD', L.host(host) .. ':labs', lab) end
  L.lab_state(lab, 'building')
end

-- Steps that did not end well start over, and so does everything that stands on them.
local order, state, metas = cjson.decode(call('GET', key .. ':order')), L.hash(steps), {}
local open, w_done, h_done, good = 0, 0, 0, {}
for _, step in ipairs(order) do
  local meta = L.meta(job, step)
  metas[step] = meta
  local was = state['s:' .. step] or 'pending'
  local needs, missing = L.split(meta.needs), 0
  for _, need in ipairs(needs) do if not good[need] then missing = missing + 1 end end
  -- What failed to be undone is no longer what it was, whatever its last good state says.
  local broken = state['u:' .. step] == 'failed' or (edit and edit.again[step]) or false
  if (was == 'succeeded' or was == 'skipped') and missing == 0 and not broken then
    good[step] = true
    w_done = w_done + meta.weight
    if meta.heavy then h_done = h_done + meta.weight end
  else
    open = open + 1
    if was ~= 'pending' then
      L.next_generation(job, step)
    end
    -- The host may have something of it, also when this run ends before it is claimed again.
    if was ~= 'undone' and L.was_begun(state, step) then call('HSET', steps, 'o:' .. step, 1) end
    call('HDEL', steps, 's:' .. step, 'a:' .. step, 'x:' .. step, 'p:' .. step, 'm:' .. step, 'c:' .. step, 'q:' .. step)
    call('HSET', steps, 'd:' .. step, missing)
  end
  call('HDEL', steps, 'u:' .. step, 'od:' .. step, 'ua:' .. step, 'ub:' .. step)
end
call('HSET', key, 'open', open, 'steps_done', #order - open, 'w_done', L.time(w_done), 'h_done', L.time(h_done))

L.emit('job.retried', L.at(job), string.format('{"retries":%d%s}', L.num(key, 'retries', 0), A.data))
for _, step in ipairs(order) do
  if not good[step] and L.num(steps, 'd:' .. step, 0) == 0 then
    call('HSET', steps, 's:' .. step, 'ready')
    call('ZADD', key .. (metas[step].heavy and ':rh' or ':rl'), -metas[step].tail, step)
  end
end
L.enter(job)
return { 'ok', '' }
