-- The plan of a job as moves need it: <job>:spec (text for workers), :meta (rows for moves), :node, :order, and totals.

-- Writes a plan; rows are {id, action, needs csv, weight, max attempts, heavy, undoable, spec, node}, each after what it
-- needs. Returns the longest chain behind each step by its id.
function L.write_graph(job, host, rows, order)
  local key, deps, tails, weights = L.job(job), {}, {}, {}
  for _, row in ipairs(rows) do
    weights[row[1]] = L.expected(host, row[2], row[4])
    for _, need in ipairs(L.split(row[3])) do
      deps[need] = deps[need] or {}
      table.insert(deps[need], row[1])
    end
  end
  local specs, metas, nodes = {}, {}, {}
  local total, heavy_total, longest = 0, 0, 0
  for i = #rows, 1, -1 do -- steps are listed after what they need, so every dependent's tail is known here
    local row = rows[i]
    local id, weight, tail = row[1], weights[row[1]], 0
    for _, dependent in ipairs(deps[id] or {}) do tail = math.max(tail, tails[dependent]) end
    tails[id] = tail + weight
    total, longest = total + weight, math.max(longest, tails[id])
    if row[6] == 1 then heavy_total = heavy_total + weight end
    table.insert(specs, id)
    table.insert(specs, row[8])
    table.insert(metas, id)
    table.insert(metas, cjson.encode({ row[2], row[3], table.concat(deps[id] or {}, ','), weight, row[5], row[6], row[7],
      tails[id] }))
    if row[9] ~= '' then
      table.insert(nodes, id)
      table.insert(nodes, row[9])
    end
  end
  call('SET', key .. ':order', order)
  L.many('HSET', key .. ':spec', specs)
  L.many('HSET', key .. ':meta', metas)
  if #nodes > 0 then L.many('HSET', key .. ':node', nodes) end
  call('HSET', key, 'steps_total', #rows, 'w_total', L.time(total), 'h_total', L.time(heavy_total),
    'longest', L.time(longest))
  return tails
end

-- The steps that nothing holds back are ready, the others count what they wait for.
function L.first_states(job, rows, tails)
  local key, opens, ready, count = L.job(job), {}, { rl = {}, rh = {} }, 0
  for _, row in ipairs(rows) do
    local id = row[1]
    if row[3] == '' then
      local set = ready[row[6] == 1 and 'rh' or 'rl']
      table.insert(set, -tails[id])
      table.insert(set, id)
      table.insert(opens, 's:' .. id)
      table.insert(opens, 'ready')
      count = count + 1
    else
      table.insert(opens, 'd:' .. id)
      table.insert(opens, #L.split(row[3]))
    end
  end
  L.many('HSET', key .. ':st', opens)
  for set, values in pairs(ready) do if #values > 0 then L.many('ZADD', key .. ':' .. set, values) end end
  return count
end

-- Puts another plan in the place of an ended job's: what was written of steps that are no longer there goes.
function L.replace_graph(job, host, rows, order)
  local key, stays, gone = L.job(job), {}, {}
  for _, row in ipairs(rows) do stays[row[1]] = true end
  for _, field in ipairs(call('HKEYS', L.steps(job))) do
    local step = string.match(field, '^[a-z]+:(.*)$')
    if step and not stays[step] then gone[#gone + 1] = field end
  end
  if #gone > 0 then L.many('HDEL', L.steps(job), gone) end
  call('DEL', key .. ':spec', key .. ':meta', key .. ':node')
  L.write_graph(job, host, rows, order)
end

-- The labels of a job: its index entries follow.
function L.relabel(job, labels)
  local key, index = L.job(job), NS .. 'ix:job:label:'
  for _, name in ipairs(call('SMEMBERS', key .. ':labels')) do call('ZREM', index .. name, job) end
  call('DEL', key .. ':labels')
  L.label(job, labels, L.num(key, 'created_at', NOW))
end

function L.label(job, labels, created)
  for _, label in ipairs(labels) do
    local name = label[1] .. '=' .. label[2]
    call('ZADD', NS .. 'ix:job:label:' .. name, created, job)
    call('SADD', L.job(job) .. ':labels', name)
  end
end
