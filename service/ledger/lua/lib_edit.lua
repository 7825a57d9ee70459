-- Changes of a job's request before it starts, or when it is retried.

-- Remembers who asked for what a job is now: none of them may approve it.
function L.note_asker(key, by)
  local known = L.get(key, 'asked_by')
  for _, one in ipairs(L.split(known)) do if one == by then return end end
  call('HSET', key, 'asked_by', known == '' and by or known .. ',' .. by)
end

-- Adds sealed secrets to those that are there; one of the same name is replaced.
local function add_secrets(key, more)
  local text = L.get(key, 'secrets')
  local secrets = cjson.decode(text ~= '' and text or '{}')
  for name, secret in pairs(more) do secrets[name] = secret end
  call('HSET', key, 'secrets', cjson.encode(secrets))
end

-- Writes an edited request and its plan into an ended job. What was approved was another request.
function L.take_edit(job, host, lab, edit)
  local key, fields = L.job(job), {}
  for name, value in pairs(edit.fields) do
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
  call('HSET', key, unpack(fields))
  call('HDEL', key, 'approved_at', 'approved_by', 'approved_name')
  if next(edit.secrets) then add_secrets(key, edit.secrets) end
  L.relabel(job, edit.labels)
  L.replace_graph(job, host, edit.steps, edit.order)
  if L.get(key, 'creates_lab') == '1' and call('EXISTS', L.lab(lab)) == 1 then
    local F = edit.fields
    call('HSET', L.lab(lab), 'request', F.request, 'mem', F.mem, 'disk', F.disk, 'lease_seconds', F.lease_seconds,
      'name', edit.lab_name, 'nodes', F.nodes)
    if next(edit.lab_secrets) then add_secrets(L.lab(lab), edit.lab_secrets) end
    call('HINCRBY', L.lab(lab), 'version', 1)
    L.shrink(host, lab, F.mem, F.disk)
  end
end

-- A lab that is to be smaller gives back at once what it will not need.
function L.shrink(host, lab, memory, disk)
  local has_memory, has_disk = nil, nil
  if host ~= '' then has_memory, has_disk = L.held(host, lab) end
  if not has_memory or (has_memory <= memory and has_disk <= disk) then return end
  L.reserve(host, lab, math.min(has_memory, memory), math.min(has_disk, disk))
  L.wake_waiters(host)
end

-- Gives a job that has not started another place: in the line for room, or among those that hand out steps.
function L.reprioritize(job, priority)
  local key = L.job(job)
  local host = L.get(key, 'host_id')
  local place = host ~= '' and call('ZSCORE', L.waiting_key(host), job)
  L.deindex(job)
  call('HSET', key, 'priority', priority)
  if place then
    call('ZADD', L.waiting_key(host), priority * 1e12 + tonumber(place) % 1e12, job)
    L.wake_waiters(host)
  end
  L.index(job)
end
