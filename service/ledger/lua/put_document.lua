-- Creates (expected 0) or replaces (its version, or -1 for any) a document. Replies {ok, version}, {unknown, ''},
-- {version, current} or {name, holder}.
local key, names = NS .. A.kind .. ':' .. A.id, NS .. 'names:' .. A.kind
local version = L.num(key, 'version', 0)
if A.expected > 0 and version == 0 then return { 'unknown', '' } end
if A.expected >= 0 and A.expected ~= version then return { 'version', tostring(version) } end
if A.name ~= '' then
  local holder = call('HGET', names, A.name)
  if holder and holder ~= A.id then return { 'name', holder } end
end

local old_name = L.get(key, 'name')
if old_name ~= '' and old_name ~= A.name then call('HDEL', names, old_name) end
if A.name ~= '' then call('HSET', names, A.name, A.id) end
-- Names that lead here too, without being unique: what a key was before its rotation.
for _, other in ipairs(L.split(L.get(key, 'aliases'))) do call('HDEL', names, other) end
for _, other in ipairs(L.split(A.aliases)) do call('HSET', names, other, A.id) end
if A.kind == 'endpoint' then
  L.subscribe('SREM', A.id)
end
local flat = {}
for _, pair in ipairs(A.flat) do
  flat[#flat + 1] = pair[1]
  flat[#flat + 1] = pair[2]
end
if #flat > 0 then call('HSET', key, unpack(flat)) end
call('HSET', key, 'id', A.id, 'body', A.body, 'name', A.name, 'aliases', A.aliases, 'version', version + 1, 'updated_at', L.time(NOW))
if version == 0 then
  call('HSET', key, 'created_at', L.time(NOW))
  call('ZADD', NS .. 'ix:' .. A.kind, NOW, A.id)
end
if A.kind == 'endpoint' and L.get(key, 'state') == 'active' then
  call('HDEL', key, 'failing_since', 'failures', 'paused_until')
  L.subscribe('SADD', A.id)
end
if A.event ~= '' then L.emit(A.event, {}, A.event_data) end
if A.kind == 'host' then
  call('SADD', NS .. 'hosts', A.id)
  L.unblock(A.id, ':blocked', 1000)
  L.unblock(A.id, ':blocked_heavy', 1000)
  L.wake_waiters(A.id)
end
return { 'ok', tostring(version + 1) }
