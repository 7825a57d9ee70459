-- Takes back all leases of a worker that lives no more. Replies how many.
local count = 0
for _, member in ipairs(call('SMEMBERS', NS .. 'worker:' .. A.worker .. ':leases')) do
  local job, step = L.parts(member)
  if L.lose(job, step) then count = count + 1 end
end
call('DEL', NS .. 'worker:' .. A.worker .. ':leases')
return count
