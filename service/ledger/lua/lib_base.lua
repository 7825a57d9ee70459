-- Shared by all moves. ARGV: 1 namespace, 2 options (JSON), 3 arguments (JSON).
-- Opaque JSON (facts, errors, requests) travels as text and is never parsed here: cjson would change numbers and empty lists.
local call = redis.call
local NS = ARGV[1] .. ':'
local O = cjson.decode(ARGV[2])
local A = cjson.decode(ARGV[3])
local NOW
if O.test then
  NOW = tonumber(call('GET', NS .. 'clock') or '0') -- tests only: see StoreSettings.test_clock
else
  local t = call('TIME')
  -- Rounded through text, so that a stored time and a score made of it are the same number.
  NOW = tonumber(string.format('%d.%06d', tonumber(t[1]), tonumber(t[2])))
end

local L = {}
local CHUNK = 500 -- how many values one unpack may carry safely

function L.job(id) return NS .. 'job:' .. id end
function L.host(id) return NS .. 'host:' .. id end
function L.lab(id) return NS .. 'lab:' .. id end

-- A time with microseconds, as text (tostring would cut it to 14 digits).
function L.time(value) return string.format('%.6f', value) end

function L.hash(key)
  local flat, found = call('HGETALL', key), {}
  for i = 1, #flat, 2 do found[flat[i]] = flat[i + 1] end
  return found
end

function L.get(key, field) return call('HGET', key, field) or '' end

function L.num(key, field, default) return tonumber(call('HGET', key, field) or '') or default end

function L.split(text)
  local parts = {}
  for part in string.gmatch(text or '', '[^,]+') do parts[#parts + 1] = part end
  return parts
end

-- Writes a list of values in chunks: `command key v1 v2 ...`.
function L.many(command, key, values)
  for first = 1, #values, CHUNK do
    call(command, key, unpack(values, first, math.min(first + CHUNK - 1, #values)))
  end
end

-- Quotes text as JSON.
function L.quote(text) return cjson.encode(tostring(text)) end

function L.error(code, title, detail, remedy)
  return cjson.encode({
    type = '/problems/' .. string.gsub(code, '_', '-'), code = code, title = title, detail = detail, remedy = remedy })
end

function L.member(job, step) return job .. '|' .. step end

function L.parts(member)
  local job, step = string.match(member, '^([^|]*)|(.*)$')
  return job, step
end

-- Keyset pages over sorted sets scored by creation time, newest first. Walks the smallest of the given indexes and
-- keeps what is in all of them (and what `keep` says, if given); looks at 1000 members at most, then tells where to go on.
function L.page(prefix, indexes, before, before_id, after, untl, limit, keep)
  local base, size
  for _, name in ipairs(indexes) do
    local count = call('ZCARD', prefix .. name)
    if not size or count < size then base, size = name, count end
  end
  local top = before ~= '' and before or untl
  if before ~= '' and untl ~= '+inf' and tonumber(untl) < tonumber(before) then top = untl end
  local rows = call('ZREVRANGEBYSCORE', prefix .. base, top, after, 'WITHSCORES', 'LIMIT', 0, 1000)
  local found, last_score, last_id = {}, '', ''
  for i = 1, #rows, 2 do
    local id, score = rows[i], rows[i + 1]
    local skip = before ~= '' and tonumber(score) == tonumber(before) and id >= before_id
    for _, name in ipairs(indexes) do
      if skip then break end
      skip = name ~= base and not call('ZSCORE', prefix .. name, id)
    end
    last_score, last_id = score, id
    skip = skip or (keep and not keep(id))
    if not skip then found[#found + 1] = id end
    if #found >= limit then return found, last_score, last_id end
  end
  if #rows < 2000 then last_score, last_id = '', '' end
  return found, last_score, last_id
end
