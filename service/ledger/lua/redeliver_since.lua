-- Starts the schedules of an endpoint's deliveries again that were made since a time and are in one of the states, the
-- oldest first. Replies {how many, 1 when there may be more}; {-1, 0} for an unknown endpoint.
if call('EXISTS', NS .. 'endpoint:' .. A.endpoint) == 0 then return { -1, 0 } end
local wanted, started = {}, 0
for _, state in ipairs(A.states) do wanted[state] = true end
for _, id in ipairs(call('ZRANGEBYSCORE', NS .. 'ix:delivery:endpoint:' .. A.endpoint, A.since, '+inf')) do
  if wanted[L.get(NS .. 'delivery:' .. id, 'state')] then
    if started == A.limit then return { started, 1 } end
    if L.restart_delivery(id) then started = started + 1 end
    L.changed = started > 0
  end
end
return { started, 0 }
