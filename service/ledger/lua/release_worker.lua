-- Takes back all leases of a worker that lives no more, of steps and of deliveries. Replies how many.
local count = 0
for _, member in ipairs(call('SMEMBERS', NS .. 'worker:' .. A.worker .. ':leases')) do
  local job, step = L.parts(member)
  if L.lose(job, step) then count = count + 1 end
end
call('DEL', NS .. 'worker:' .. A.worker .. ':leases')
for _, id in ipairs(call('ZRANGE', NS .. 'wl', 0, -1)) do
  local token = call('HGET', NS .. 'delivery:' .. id, 'token')
  if token and string.match(token, '^%d+:(.*):[^:]*$') == A.worker then
    call('HDEL', NS .. 'delivery:' .. id, 'token')
    call('ZREM', NS .. 'wl', id)
    call('ZADD', NS .. 'wq', NOW, id)
    count = count + 1
  end
end
return count
