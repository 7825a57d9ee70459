-- Writes what a step is about to do. Replies 1, or 0 when the token owns nothing.
if call('HGET', L.steps(A.job), 't:' .. A.step) ~= A.token then return 0 end
call('HSET', L.steps(A.job), 'i:' .. A.step, A.intent)
return 1
