-- Refuses a job: it is cancelled, and what an earlier run left stays. Replies as `approve` does.
local key = L.job(A.job)
local found = L.hash(key)
local decided = L.decided(found, found.rejected_by == A.by and found.state == 'cancelled')
if decided then return decided end
call('HSET', key, 'rejected_at', L.time(NOW), 'rejected_by', A.by, 'rejected_name', A.name)
L.emit('job.rejected', L.at(A.job), '{' .. L.doer(A.by, A.name, A.reason) .. '}')
local why = A.reason ~= '' and A.reason or 'No reason was given.'
L.shut_out(A.job, 'cancelled', L.error('approval_rejected', 'The job was not approved', why,
  'Speak with whoever refused it; retry the job, with changes if need be, to ask again.'))
return { 'ok', '' }
