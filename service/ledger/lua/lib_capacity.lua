-- Memory and disk of hosts: held by a job from admission, by its lab until that is removed. Sums are made of the
-- holders each time, so nothing leaks with a lost counter.

function L.capacity(host)
  local found = call('HMGET', L.host(host), 'cap_mem', 'cap_disk', 'seen_mem', 'reserve')
  local memory = tonumber(found[1] or '') or tonumber(found[3] or '')
  if memory then memory = math.max(0, memory - (tonumber(found[4] or '') or 0)) end
  return memory, tonumber(found[2] or '')
end

function L.held(host, holder)
  local value = call('HGET', L.host(host) .. ':held', holder)
  if not value then return nil end
  local memory, disk = string.match(value, '^(%d+),(%d+),')
  return tonumber(memory), tonumber(disk)
end

-- The sums that all holders hold, and the holders themselves.
function L.used(host)
  local flat, memory, disk, holders = call('HGETALL', L.host(host) .. ':held'), 0, 0, {}
  for i = 1, #flat, 2 do
    local m, d = string.match(flat[i + 1], '^(%d+),(%d+),')
    memory, disk = memory + tonumber(m), disk + tonumber(d)
    holders[#holders + 1] = { holder = flat[i], memory_mib = tonumber(m), disk_gib = tonumber(d) }
  end
  return memory, disk, holders
end

function L.fits(host, memory, disk)
  local all_memory, all_disk = L.capacity(host)
  -- What is not bounded need not be added up: of a known capacity the holders are few, of an unknown one any number.
  if not all_memory and not all_disk then return true end
  local used_memory, used_disk = L.used(host)
  local memory_fits = memory == 0 or not all_memory or used_memory + memory <= all_memory
  local disk_fits = disk == 0 or not all_disk or used_disk + disk <= all_disk
  return memory_fits and disk_fits
end

function L.never_fits(host, memory, disk)
  local all_memory, all_disk = L.capacity(host)
  return (all_memory and memory > all_memory) or (all_disk and disk > all_disk) or false
end

function L.reserve(host, holder, memory, disk)
  if host == '' or memory + disk == 0 then return end
  call('HSET', L.host(host) .. ':held', holder, string.format('%d,%d,%s', memory, disk, L.time(NOW)))
end

-- Gives what `from` holds to `to`, on top of what that holds already.
function L.hand_over(host, from, to)
  local memory, disk = L.held(host, from)
  if not memory then return end
  local has_memory, has_disk = L.held(host, to)
  L.reserve(host, to, memory + (has_memory or 0), disk + (has_disk or 0))
  call('HDEL', L.host(host) .. ':held', from)
end

function L.release(host, holder)
  if host == '' or call('HDEL', L.host(host) .. ':held', holder) == 0 then return end
  -- What an inspection saw before this moment was taken then.
  if call('EXISTS', L.host(host)) == 1 then call('HSET', L.host(host), 'freed_at', L.time(NOW)) end
  L.wake_waiters(host)
end

-- How much of what a job adds its lab does not have yet, on the way to the whole of its new shape.
function L.missing(adds, whole, has) return math.min(adds, math.max(0, tonumber(whole or '') - has)) end

-- What a job takes from its host beside what its lab holds already: what is left of a lab keeps its reservation.
function L.wanted(job)
  local found = call('HMGET', L.job(job), 'mem', 'disk', 'host_id', 'lab_id', 'creates_lab', 'retries', 'shape_mem',
    'shape_disk')
  local memory, disk = tonumber(found[1] or '') or 0, tonumber(found[2] or '') or 0
  if memory + disk == 0 or found[3] == '' or found[4] == '' then return memory, disk end
  local has_memory, has_disk = L.held(found[3], found[4])
  if not has_memory then return memory, disk end
  if found[5] == '1' then return math.max(0, memory - has_memory), math.max(0, disk - has_disk) end
  if found[7] then -- what it added in an earlier run is the lab's already
    return L.missing(memory, found[7], has_memory), L.missing(disk, found[8], has_disk)
  end
  if (tonumber(found[6] or '') or 0) > 0 then return 0, 0 end
  return memory, disk
end

function L.waiting_key(host) return L.host(host) .. ':waiting' end

-- Queues the waiting jobs that fit now, in their order. The first that does not fit holds the others back, so that a
-- big job is not starved by small ones.
function L.wake_waiters(host)
  if host == '' then return end
  for _, job in ipairs(call('ZRANGE', L.waiting_key(host), 0, 99)) do
    local memory, disk = L.wanted(job)
    if L.fits(host, memory, disk) then
      L.let_in(host, job, memory, disk)
    elseif not L.never_fits(host, memory, disk) then -- a host made smaller must not stop everybody
      return
    end
  end
end

function L.let_in(host, job, memory, disk)
  -- One that was let in just now may have ended at once, and so have let in this one already.
  if call('ZREM', L.waiting_key(host), job) == 0 then return end
  L.reserve(host, job, memory, disk)
  L.queued(job, '{"reason":"capacity"}')
end

-- For the eyes of a tenant, as L.waiting_for.
function L.shortage(host, tenant, reason, memory, disk)
  local all_memory, all_disk = L.capacity(host)
  local used_memory, used_disk, holders = L.used(host)
  local wanted = string.format('"wanted":{"memory_mib":%d,"disk_gib":%d}', memory, disk)
  local function json(value) return value and string.format('%d', value) or 'null' end
  local free = string.format('"free":{"memory_mib":%s,"disk_gib":%s}', json(all_memory and all_memory - used_memory),
    json(all_disk and all_disk - used_disk))
  local capacity = string.format('"capacity":{"memory_mib":%s,"disk_gib":%s}', json(all_memory), json(all_disk))
  holders = L.holders_seen(holders, tenant)
  local list = #holders > 0 and cjson.encode(holders) or '[]'
  return string.format('{"reason":"%s",%s,%s,%s,"holders":%s}', reason, wanted, free, capacity, list)
end

-- Says in one sentence what a job waits for and who has it.
function L.waiting_for(host, tenant, memory, disk)
  local all_memory, all_disk = L.capacity(host)
  local used_memory, used_disk, holders = L.used(host)
  local ids = {}
  for i, one in ipairs(holders) do ids[i] = one.holder end
  local text = string.format('capacity on %s: wants %d MiB memory and %d GiB disk', host, memory, disk)
  if all_memory then text = text .. string.format('; %d MiB free', all_memory - used_memory) end
  if all_disk then text = text .. string.format('; %d GiB free', all_disk - used_disk) end
  if #ids > 0 then text = text .. '; held by ' .. L.names_seen(ids, tenant, 5) end
  return text
end

-- When a host last answered a step, or since when it does not and by which error.
function L.note_contact(host, problem, away)
  if host == '' or call('EXISTS', L.host(host)) == 0 then return end
  if problem == '' then
    call('HSET', L.host(host), 'reached_at', L.time(NOW))
    call('HDEL', L.host(host), 'unreachable_since', 'unreachable_error')
  else
    call('HSETNX', L.host(host), 'unreachable_since', L.time(NOW - away))
    call('HSET', L.host(host), 'unreachable_error', problem)
  end
end
