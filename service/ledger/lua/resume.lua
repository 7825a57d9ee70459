-- Lets a paused job go on. Replies as `pause` does; a job that is not paused goes on already.
local key = L.job(A.job)
local found = call('HMGET', key, 'state', 'ending', 'version')
local state = found[1]
if not state then return { 'unknown', '' } end
if state == 'queued' or state == 'waiting' or state == 'running' then return { 'ok', state } end
if found[2] ~= '' or not (state == 'pausing' or state == 'paused') then return { 'illegal', state } end
if A.version > 0 and A.version ~= tonumber(found[3]) then return { 'changed', found[3] } end
L.resume(A.job, state, L.doer(A.by, A.name, A.reason))
return { 'ok', '' }
