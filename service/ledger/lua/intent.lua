-- Writes what a step is about to do. Replies 1, or 0 when the token owns nothing.
local steps = L.steps(A.job)
if call('HGET', steps, 't:' .. A.step) ~= A.token then return 0 end
call('HSET', steps, 'i:' .. A.step, A.intent)
if A.call_id ~= '' then
  -- Who goes on with a step asks for its earlier calls again, which are over; the last one may still run.
  local open = call('HGET', steps, 'k:' .. A.step)
  local before = open and cjson.decode(open).call_id or ''
  if L.is_later(before, A.call_id) then call('HSET', steps, 'k:' .. A.step, A.call) end
end
return 1
