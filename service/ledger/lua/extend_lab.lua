-- Moves the end of a lab's lease. Replies {ok or illegal, state}.
local key = L.lab(A.lab)
local state = L.get(key, 'state')
if state == '' then return { 'ok', '' } end
if state ~= 'ready' and state ~= 'failed' then return { 'illegal', state } end
local until_time = math.max(NOW, L.num(key, 'expires_at', NOW)) + A.seconds
call('HSET', key, 'expires_at', L.time(until_time))
call('HDEL', key, 'expired')
call('HINCRBY', key, 'version', 1)
call('ZADD', NS .. 'lab_leases', until_time, A.lab)
L.emit('lab.extended', { job = L.get(key, 'job_id'), lab = A.lab }, string.format('{"expires_at":%.6f}', until_time))
return { 'ok', state }
