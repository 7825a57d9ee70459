-- Appends an event of a running step. Replies 1, or 0 when the token owns nothing.
local steps = L.steps(A.job)
if call('HGET', steps, 't:' .. A.step) ~= A.token then return 0 end
if A.percent ~= '' then
  call('HSET', steps, 'p:' .. A.step, A.percent)
  L.touch(A.job)
end
if A.message ~= '' then call('HSET', steps, 'm:' .. A.step, A.message) end
L.emit(A.type, L.at(A.job, A.step), A.data)
return 1
