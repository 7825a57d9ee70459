-- Writes a ping for one endpoint only. Replies the delivery's id, '' for an unknown endpoint.
if call('EXISTS', NS .. 'endpoint:' .. A.endpoint) == 0 then return '' end
local fields = { 'type', 'endpoint.pinged', 'at', L.time(NOW), 'job', '', 'lab', '', 'step', '', 'node', '',
  'data', '{"endpoint_id":' .. L.quote(A.endpoint) .. '}', 'tenant', L.owner_at(NS .. 'endpoint:' .. A.endpoint) }
local event = call('XADD', NS .. 'feed', 'MAXLEN', '~', O.feed, '*', unpack(fields))
L.changed = true
return L.deliver(event, A.endpoint, '', fields)
