-- What a worker gets with a claim.

-- The facts that a step reads, as {name, value, ...}; a name ending in `.*` stands for all with that beginning.
function L.facts_read(job, reads)
  local facts, everything = {}, nil
  local function add(name, value)
    facts[#facts + 1] = name
    facts[#facts + 1] = value
  end
  for _, name in ipairs(reads) do
    if string.sub(name, -2) == '.*' then
      everything = everything or call('HGETALL', L.job(job) .. ':facts')
      local prefix = string.sub(name, 1, -2)
      for i = 1, #everything, 2 do
        if string.sub(everything[i], 1, #prefix) == prefix then add(everything[i], everything[i + 1]) end
      end
    else
      local value = call('HGET', L.job(job) .. ':facts', name)
      if value then add(name, value) end
    end
  end
  return #facts > 0 and cjson.encode(facts) or '[]'
end

-- Reads a claim back from the step's fields, as a flat list.
function L.claim_reply(job, step)
  local key, steps = L.job(job), L.steps(job)
  local found = call('HMGET', key, 'kind', 'lab_id', 'secrets', 'request', 'phase', 'host_id', 'request_id', 'traceparent',
    'created_at', 'started_at', 'tracestate')
  local undo = found[5] == 'undo'
  local spec = call('HGET', key .. ':spec', step)
  local since, claimed = L.ready_since(job, step), L.get(steps, 'cb:' .. step)
  local lab_secrets = found[2] ~= '' and call('HGET', L.lab(found[2]), 'secrets') or '{}'
  return { 'job_id', job, 'kind', found[1], 'spec', spec, 'phase', found[5], 'fence', L.get(steps, 'f:' .. step),
    'token', L.get(steps, 't:' .. step), 'attempt', L.get(steps, (undo and 'ua:' or 'a:') .. step),
    'generation', L.num(steps, 'g:' .. step, 1), 'host_id', found[6], 'lab_id', found[2],
    'facts', L.facts_read(job, cjson.decode(spec).reads), 'secrets', found[3], 'lab_secrets', lab_secrets or '{}',
    'lab_first', L.rotated_since(job, found[2]) and 'yes' or '',
    'request', found[4], 'request_id', found[7] or '', 'traceparent', found[8] or '', 'tracestate', found[11] or '',
    'lease_deadline', L.get(steps, 'l:' .. step),
    'step_started_at', undo and L.get(steps, 'ub:' .. step) or L.clock_of(job, step), 'memo', call('HGET', steps, 'q:' .. step) or '{}',
    'open_call', call('HGET', steps, 'k:' .. step) or '{}',
    -- Whether a second worker would find a step of this job now: the one that claims wakes it.
    'more', L.pick_step(job, found[6]) and 'yes' or '',
    'worker', L.get(steps, 'w:' .. step), 'claimed_at', claimed,
    -- How long the step was ready; and the job queued, if this claim is the one that began it.
    'step_waited', since > 0 and L.time(tonumber(claimed) - since) or '',
    'job_waited', found[10] == claimed and L.time(tonumber(claimed) - tonumber(found[9])) or '' }
end
