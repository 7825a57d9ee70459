-- Sets the end of a lab's lease, from now by this server's time; 0 seconds take the lease away. Replies {ok, illegal or
-- changed, state or version}.
local key = L.lab(A.lab)
local state, version = L.get(key, 'state'), L.num(key, 'version', 0)
if state == '' then return { 'ok', '' } end
if A.version > 0 and A.version ~= version then return { 'changed', tostring(version) } end
if state ~= 'ready' and state ~= 'failed' then return { 'illegal', state } end
local until_time = NOW + A.seconds
call('HSET', key, 'lease_seconds', A.seconds)
call('HDEL', key, 'expired')
call('HINCRBY', key, 'version', 1)
if A.seconds > 0 then
  call('HSET', key, 'expires_at', L.time(until_time))
  call('ZADD', NS .. 'lab_leases', until_time, A.lab)
else
  call('HSET', key, 'expires_at', '')
  call('ZREM', NS .. 'lab_leases', A.lab)
end
local told = A.seconds > 0 and string.format('%.6f', until_time) or 'null'
L.emit('lab.extended', { job = L.get(key, 'job_id'), lab = A.lab }, '{"expires_at":' .. told .. '}')
return { 'ok', state }
