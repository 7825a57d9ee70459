-- Replies {deliveries, score, id to go on from ('' = the end)}.
local found, score, last = L.page(NS .. 'ix:delivery:', A.indexes, A.before, A.before_id, '-inf', '+inf', A.limit,
  L.keeper('delivery', 'owner', A.tenant))
local rows, urls = {}, { [''] = '' }
for _, id in ipairs(found) do
  local row = call('HGETALL', NS .. 'delivery:' .. id)
  local endpoint = L.get(NS .. 'delivery:' .. id, 'endpoint_id')
  if not urls[endpoint] then
    local body = L.get(NS .. 'endpoint:' .. endpoint, 'body')
    urls[endpoint] = body ~= '' and cjson.decode(body).url or ''
  end
  row[#row + 1] = 'x_url'
  row[#row + 1] = urls[endpoint]
  rows[#rows + 1] = row
end
return { rows, score, last }
