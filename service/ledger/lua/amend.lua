-- Changes priority, labels and beginning of a job that has not started. Replies {code, detail}: ok, unknown, changed
-- (detail is its version), illegal (detail says why).
local key = L.job(A.job)
local found = L.hash(key)
local state = found.state
if not state then return { 'unknown', '' } end
if A.version ~= tonumber(found.version) then return { 'changed', found.version } end
local gated = state == 'waiting_approval' or state == 'scheduled'
if not gated and state ~= 'queued' and state ~= 'waiting' then return { 'illegal', state } end
if A.moves and not gated then return { 'illegal', state .. ', and not_before is over' } end

call('HSET', key, 'request', A.request, 'content_sha256', A.content_sha256)
if A.labels then
  L.relabel(A.job, A.labels)
  call('HSET', key, 'labels', A.labels_text)
end
if A.priority and A.priority ~= tonumber(found.priority) then L.reprioritize(A.job, A.priority) end
L.touch(A.job)
L.emit('job.amended', L.at(A.job), A.data)
if A.moves then
  call('HSET', key, 'not_before', A.not_before)
  call('HDEL', key, 'start_by')
  if A.by ~= '' then L.note_asker(key, A.by) end
  L.leave_gates(A.job)
  -- Whoever agreed has agreed to another time.
  call('HDEL', key, 'approved_at', 'approved_by', 'approved_name')
  if state == 'waiting_approval' then
    L.keep_asking(A.job)
  else
    L.enter(A.job)
  end
end
return { 'ok', '' }
