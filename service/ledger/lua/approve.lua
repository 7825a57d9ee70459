-- Agrees to a job. Replies {code, detail}: ok (also when the same caller agreed before), unknown, own (he asked for it
-- himself), changed (detail is its version), illegal (detail is its state).
local key = L.job(A.job)
local found = L.hash(key)
if not found.state then return { 'unknown', '' } end
if found.state ~= 'waiting_approval' then
  if found.approved_by == A.by and not TERMINAL[found.state] then return { 'ok', found.state } end
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
call('HSET', key, 'approved_at', L.time(NOW), 'approved_by', A.by, 'approved_name', A.name)
call('ZREM', NS .. 'approvals', A.job)
L.emit('job.approved', L.at(A.job), '{' .. L.doer(A.by, A.name, A.reason) .. '}')
L.schedule(A.job, tonumber(found.not_before or '') or 0)
return { 'ok', '' }
