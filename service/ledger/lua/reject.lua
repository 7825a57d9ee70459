-- Refuses a job: it is cancelled, and what an earlier run left stays. Replies as `approve` does.
local key = L.job(A.job)
local found = L.hash(key)
if not found.state then return { 'unknown', '' } end
if found.state ~= 'waiting_approval' then
  if found.rejected_by == A.by and found.state == 'cancelled' then return { 'ok', found.state } end
  return { 'illegal', found.state }
end
if A.version > 0 and A.version ~= tonumber(found.version) then return { 'changed', found.version } end
if NOW >= tonumber(found.approval_until) then
  L.approval_expired(A.job)
  return { 'illegal', 'expired' }
end
for _, one in ipairs(L.split(found.asked_by)) do
  if one == A.by and not A.admin then return { 'own', '' } end
end
call('HSET', key, 'rejected_at', L.time(NOW), 'rejected_by', A.by, 'rejected_name', A.name)
L.emit('job.rejected', L.at(A.job), '{' .. L.doer(A.by, A.name, A.reason) .. '}')
local why = A.reason ~= '' and A.reason or 'No reason was given.'
L.shut_out(A.job, 'cancelled', L.error('approval_rejected', 'The job was not approved', why,
  'Speak with whoever refused it; retry the job, with changes if need be, to ask again.'))
return { 'ok', '' }
