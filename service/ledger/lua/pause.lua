-- Pauses a job at the boundary of steps. Replies {code, detail}: ok (also when it pauses already), unknown, changed
-- (detail is its version), illegal (detail is its state).
local key = L.job(A.job)
local found = call('HMGET', key, 'state', 'ending', 'version')
local state = found[1]
if not state then return { 'unknown', '' } end
if state == 'pausing' or state == 'paused' then return { 'ok', state } end
if found[2] ~= '' or not (state == 'queued' or state == 'waiting' or state == 'running') then return { 'illegal', state } end
if A.version > 0 and A.version ~= tonumber(found[3]) then return { 'changed', found[3] } end
L.pause(A.job, state, L.doer(A.by, A.name, A.reason))
return { 'ok', '' }
