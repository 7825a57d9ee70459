-- Asks a job to stop. Replies {code, state}: ok, unknown or illegal. Repeating it changes nothing.
local key = L.job(A.job)
local state = L.get(key, 'state')
if state == '' then return { 'unknown', '' } end
if TERMINAL[state] then return { 'illegal', state } end
if state == 'rolling_back' then return { 'ok', state } end
if A.policy ~= '' then call('HSET', key, 'on_cancel', A.policy) end
if L.get(key, 'ending') == 'failed' then
  -- It failed and waits for its last running steps: let them stop too, the reason stays.
  if state ~= 'cancelling' then
    L.set_state(A.job, 'cancelling')
    L.emit('job.cancelling', L.at(A.job), '{"reason":"cancelled"}')
  end
  return { 'ok', state }
end
L.stop(A.job, 'cancelled')
return { 'ok', L.get(key, 'state') }
