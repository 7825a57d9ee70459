-- Extends leases; replies the tokens that own nothing any more and the jobs that are to stop.
local lost, cancelling, seen = {}, {}, {}
for _, row in ipairs(A.tokens) do
  local job, step, token = row[1], row[2], row[3]
  if call('HGET', L.steps(job), 't:' .. step) == token then
    call('ZADD', NS .. 'leases', 'XX', NOW + A.lease, L.member(job, step))
    call('HSET', L.steps(job), 'l:' .. step, L.time(NOW + A.lease))
  else
    lost[#lost + 1] = token
  end
  if not seen[job] then
    seen[job] = true
    if L.get(L.job(job), 'state') == 'cancelling' then cancelling[#cancelling + 1] = job end
  end
end
return { lost, cancelling }
