-- What callers see of a job beside its fields: x_partial (weight done by running steps), x_eta, x_waiting_for, x_result.

function L.views(ids, with_result)
  local rows = {}
  for _, id in ipairs(ids) do
    local row = call('HGETALL', L.job(id))
    if #row > 0 then
      local found = {}
      for i = 1, #row, 2 do found[row[i]] = row[i + 1] end
      if not TERMINAL[found.state] then L.progress(id, found, row) end
      if with_result and (found.state == 'succeeded' or found.kind == 'test_host') then
        -- What a test of a host saw counts most where it failed.
        local facts = call('HGETALL', L.job(id) .. ':facts')
        if #facts > 0 or found.state == 'succeeded' then
          row[#row + 1] = 'x_result'
          row[#row + 1] = #facts > 0 and cjson.encode(facts) or '[]'
        end
      end
      rows[#rows + 1] = row
    end
  end
  return rows
end

local function add(row, name, value)
  row[#row + 1] = name
  row[#row + 1] = value
end

-- Durations were learned (L.expected) when the job was planned. What is left is at least the longest chain behind a
-- step that runs or could run, and at least the rest of the work through the host's bounds.
function L.progress(job, found, row)
  local key, steps, chain, partial, heavy_partial = L.job(job), L.steps(job), 0, 0, 0
  if found.state == 'waiting' then
    return add(row, 'x_waiting_for', L.waiting_for(found.host_id, L.owner(found.tenant), L.wanted(job)))
  end
  if found.phase == 'undo' then return end
  for _, step in ipairs(call('SMEMBERS', key .. ':run')) do
    local meta = L.meta(job, step)
    local by_time = NOW - L.num(steps, 'sb:' .. step, NOW)
    local by_word = meta.weight * L.num(steps, 'p:' .. step, 0) / 100
    local done = math.min(math.max(by_time, by_word), meta.weight * 0.95)
    partial = partial + done
    if meta.heavy then heavy_partial = heavy_partial + done end
    chain = math.max(chain, meta.tail - done)
  end
  for _, set in ipairs({ ':rl', ':rh', ':later' }) do
    local head = call('ZRANGE', key .. set, 0, 0, 'WITHSCORES')
    if head[2] then chain = math.max(chain, -tonumber(head[2])) end
  end
  for _, step in ipairs(call('SMEMBERS', key .. ':due')) do chain = math.max(chain, L.meta(job, step).tail) end
  add(row, 'x_partial', L.time(partial))
  add(row, 'x_eta', L.time(math.max(chain, L.through_bounds(found, partial, heavy_partial))))
  local parked = L.parked_for(job, found.host_id, L.owner(found.tenant))
  if parked ~= '' then add(row, 'x_waiting_for', parked) end
end

function L.through_bounds(found, partial, heavy_partial)
  if found.host_id == '' then return 0 end
  local bounds = call('HMGET', L.host(found.host_id), 'max_parallel', 'max_heavy')
  local work = tonumber(found.w_total) - tonumber(found.w_done) - partial
  local heavy = tonumber(found.h_total) - tonumber(found.h_done) - heavy_partial
  return math.max(0, work / math.max(1, tonumber(bounds[1] or '') or work),
    heavy / math.max(1, tonumber(bounds[2] or '') or heavy))
end

function L.parked_for(job, host, tenant)
  if host == '' then return '' end
  for parking, bound in pairs({ [':blocked'] = 'max_parallel_steps', [':blocked_heavy'] = 'max_heavy_steps' }) do
    if call('ZSCORE', L.host(host) .. parking, job) then
      local run = call('SRANDMEMBER', L.host(host) .. ':run', 3)
      for i = 1, #run do run[i] = L.parts(run[i]) end
      return bound .. ' of ' .. host .. (#run > 0 and '; running: ' .. L.names_seen(run, tenant, 3) or '')
    end
  end
  return ''
end
