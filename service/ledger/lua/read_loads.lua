-- Replies for each host {id, freed_at, waiting before us, their memory, their disk, holders}, all of the same moment.
-- A holder is {memory, disk, since, when it gives it back}: '' when nobody can tell.
local rows, top = {}, '(' .. string.format('%d', (A.priority + 1) * 1e12)

local function gives_back(holder)
  local found = call('HMGET', L.lab(holder), 'state', 'expires_at')
  if found[1] == 'removing' then return L.time(NOW) end
  return found[2] or ''
end

for _, host in ipairs(A.hosts) do
  local all_memory, all_disk = L.capacity(host)
  -- Of a host that nobody bounded any number may hold something, and it has room for all of them.
  local flat, holders = (all_memory or all_disk) and call('HGETALL', L.host(host) .. ':held') or {}, {}
  for i = 1, #flat, 2 do
    local memory, disk, since = string.match(flat[i + 1], '^(%d+),(%d+),(.*)$')
    holders[#holders + 1] = { memory, disk, since, gives_back(flat[i]) }
  end
  local memory, disk = 0, 0
  for _, job in ipairs(call('ZRANGEBYSCORE', L.waiting_key(host), '-inf', top, 'LIMIT', 0, 200)) do
    local wants = call('HMGET', L.job(job), 'mem', 'disk')
    memory, disk = memory + (tonumber(wants[1]) or 0), disk + (tonumber(wants[2]) or 0)
  end
  local count = call('ZCOUNT', L.waiting_key(host), '-inf', top)
  rows[#rows + 1] = { host, L.get(L.host(host), 'freed_at'), count, memory, disk, holders }
end
return rows
