-- Removes a document. Replies {ok, ''}, {unknown, ''}, {version, current} or {in_use, some holders}.
local key = NS .. A.kind .. ':' .. A.id
local version = L.num(key, 'version', 0)
if version == 0 then return { 'unknown', '' } end
if A.expected >= 0 and A.expected ~= version then return { 'version', tostring(version) } end
if A.kind == 'host' then
  local users = call('SRANDMEMBER', key .. ':jobs', 10)
  for _, lab in ipairs(call('SRANDMEMBER', key .. ':labs', 10)) do users[#users + 1] = lab end
  if #users > 0 then return { 'in_use', table.concat(users, ',') } end
  for _, part in ipairs({ 'held', 'waiting', 'run', 'run_heavy', 'blocked', 'blocked_heavy', 'targets', 'jobs', 'labs' }) do
    call('DEL', key .. ':' .. part)
  end
  call('SREM', NS .. 'hosts', A.id)
  call('DEL', NS .. 'estimate:' .. A.id)
end
if A.kind == 'endpoint' then
  L.subscribe('SREM', A.id)
  for _, id in ipairs(call('ZRANGE', NS .. 'ix:delivery:endpoint:' .. A.id, 0, -1)) do L.drop_delivery(id) end
end
local name = L.get(key, 'name')
if name ~= '' then call('HDEL', NS .. 'names:' .. A.kind, name) end
for _, other in ipairs(L.split(L.get(key, 'aliases'))) do call('HDEL', NS .. 'names:' .. A.kind, other) end
call('ZREM', NS .. 'ix:' .. A.kind, A.id)
call('DEL', key)
if A.event ~= '' then L.emit(A.event, {}, '{"' .. A.kind .. '_id":' .. L.quote(A.id) .. '}') end
return { 'ok', '' }
