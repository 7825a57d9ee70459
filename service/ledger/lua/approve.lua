-- Agrees to a job. Replies {code, detail}: ok (also when the same caller agreed before), unknown, own (he asked for it
-- himself), changed (detail is its version), illegal (detail is its state).
local key = L.job(A.job)
local found = L.hash(key)
local decided = L.decided(found, found.approved_by == A.by and not TERMINAL[found.state or ''])
if decided then return decided end
call('HSET', key, 'approved_at', L.time(NOW), 'approved_by', A.by, 'approved_name', A.name)
call('ZREM', NS .. 'approvals', A.job)
L.emit('job.approved', L.at(A.job), '{' .. L.doer(A.by, A.name, A.reason) .. '}')
L.schedule(A.job, tonumber(found.not_before or '') or 0)
return { 'ok', '' }
