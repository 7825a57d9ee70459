-- Tenants: who owns a record, what a tenant has, and whether it may have more. What has no owner, and what an earlier
-- release wrote (there the id of a key stood in the place of the tenant), belongs to `default`: see ledger/tenant.py.

function L.owner(stored)
  if not stored or stored == '' or stored == 'expiry' or string.sub(stored, 1, 4) == 'key_' then return 'default' end
  return stored
end

function L.owner_at(key) return L.owner(call('HGET', key, 'tenant')) end

-- The tenant of a job or lab by its id.
function L.owner_of(id) return L.owner_at(string.sub(id, 1, 4) == 'lab_' and L.lab(id) or L.job(id)) end

-- Lists of one tenant go by its index, but `default` has none: it owns what was written before there were tenants.
function L.index_owner(prefix, tenant, id)
  if tenant ~= 'default' then call('ZADD', prefix .. 'tenant:' .. tenant, NOW, id) end
end

function L.unindex_owner(prefix, tenant, id)
  if tenant ~= 'default' then call('ZREM', prefix .. 'tenant:' .. tenant, id) end
end

-- What L.page keeps: nil when an index has chosen already.
function L.keeper(kind, field, tenant)
  if tenant ~= 'default' then return nil end
  return function(id) return L.owner(call('HGET', NS .. kind .. ':' .. id, field)) == 'default' end
end

-- The sets of what counts: unfinished jobs and labs that are not removed. Sums are made of the records each time, and
-- a member that counts no more goes then, so nothing leaks with a lost removal.
function L.count_in(tenant, what, id) call('SADD', NS .. 'tenant:' .. tenant .. ':' .. what, id) end
function L.count_out(tenant, what, id) call('SREM', NS .. 'tenant:' .. tenant .. ':' .. what, id) end

-- Once: what was there before anything was counted.
local function count_old()
  if call('EXISTS', NS .. 'tenants_counted') == 1 then return end
  for state in pairs(TRANSITIONS) do
    if not TERMINAL[state] then
      for _, id in ipairs(call('ZRANGE', NS .. 'ix:job:state:' .. state, 0, -1)) do L.count_in(L.owner_of(id), 'jobs', id) end
    end
  end
  for _, state in ipairs({ 'building', 'ready', 'failed', 'removing' }) do
    for _, id in ipairs(call('ZRANGE', NS .. 'ix:lab:state:' .. state, 0, -1)) do L.count_in(L.owner_of(id), 'labs', id) end
  end
  call('SET', NS .. 'tenants_counted', 1)
end

-- How many nodes a lab has; one of an earlier release says so in its request only.
local function nodes_of(counted, request)
  if counted then return tonumber(counted) end
  local asked = cjson.decode(request or '{}')
  return type(asked.nodes) == 'table' and tonumber(asked.nodes.count) or 1
end

-- Nodes and memory that count for an unfinished job: what its lab does not have by now.
function L.counted(job)
  local found = call('HMGET', L.job(job), 'mem', 'nodes', 'creates_lab', 'host_id', 'lab_id', 'shape_mem', 'shape_nodes')
  local memory, nodes = tonumber(found[1]), math.max(0, tonumber(found[2] or '') or 0)
  local has = found[5] ~= '' and L.held(found[4], found[5]) or 0
  if found[3] == '1' then return 0, math.max(0, memory - has) end
  if not found[7] then return nodes, memory end
  local lab = call('HMGET', L.lab(found[5]), 'nodes', 'request')
  return L.missing(nodes, found[7], nodes_of(lab[1], lab[2] or nil)), L.missing(memory, found[6], has)
end

-- Returns jobs, nodes and memory in MiB that a tenant has. A lab's nodes count from the submission of its job, its
-- memory is the job's until the lab holds it on its host.
function L.usage(tenant)
  count_old()
  local jobs, nodes, memory = 0, 0, 0
  for _, id in ipairs(call('SMEMBERS', NS .. 'tenant:' .. tenant .. ':jobs')) do
    local state = call('HGET', L.job(id), 'state')
    if not state or TERMINAL[state] then
      L.count_out(tenant, 'jobs', id)
    else
      local more_nodes, more_memory = L.counted(id)
      jobs, nodes, memory = jobs + 1, nodes + more_nodes, memory + more_memory
    end
  end
  for _, id in ipairs(call('SMEMBERS', NS .. 'tenant:' .. tenant .. ':labs')) do
    local found = call('HMGET', L.lab(id), 'state', 'host_id', 'nodes', 'request')
    if not found[1] or found[1] == 'removed' then
      L.count_out(tenant, 'labs', id)
    else
      nodes = nodes + nodes_of(found[3], found[4])
      memory = memory + (L.held(found[2], id) or 0)
    end
  end
  return { jobs, nodes, memory }
end

-- Says in JSON which quota more jobs, nodes and memory would exceed; nil when none. Without a quota nothing is summed.
function L.beyond_quota(tenant, wanted)
  local names = { 'jobs', 'nodes', 'memory_mib' }
  local limits = call('HMGET', NS .. 'tenant:' .. tenant, unpack(names))
  local used = nil
  for i, name in ipairs(names) do
    local limit = tonumber(limits[i] or '')
    if limit and wanted[i] > 0 then
      used = used or L.usage(tenant)
      if used[i] + wanted[i] > limit then
        return string.format('{"quota":"%s","limit":%d,"used":%d,"wanted":%d}', name, limit, used[i], wanted[i])
      end
    end
  end
  return nil
end

-- Holders of a host as a tenant may see them: its own by name, those of others as one sum, which capacity and what is
-- free tell anyway.
function L.holders_seen(holders, tenant)
  local seen, memory, disk, others = {}, 0, 0, 0
  for _, one in ipairs(holders) do
    if L.owner_of(one.holder) == tenant then
      seen[#seen + 1] = one
    else
      memory, disk, others = memory + one.memory_mib, disk + one.disk_gib, others + 1
    end
  end
  if others > 0 then seen[#seen + 1] = { holder = 'other-tenants', memory_mib = memory, disk_gib = disk } end
  return seen
end

-- Names for a sentence: at most `most` of the tenant's own, and how many others there are.
function L.names_seen(ids, tenant, most)
  local names, others = {}, 0
  for _, id in ipairs(ids) do
    if L.owner_of(id) ~= tenant then
      others = others + 1
    elseif #names < most then
      names[#names + 1] = id
    end
  end
  if others > 0 then names[#names + 1] = others .. ' of other tenants' end
  return table.concat(names, ', ')
end
