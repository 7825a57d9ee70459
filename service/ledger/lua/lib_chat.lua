-- Chat: which events of a job are told in the conversation that asked for it, in which order and by which way.
-- Slack takes five messages on a response_url within 30 minutes of the press. It counts what reached it, whether its
-- answer came back or not, so a try is counted in the move that claims it; a job's last message keeps one for itself.
-- A delivery's `chat` (JSON): url_id names the response_url, bot is 1 when a bot token can go on after it.

local CHAT_USES, CHAT_SECONDS = 5, 1770 -- half a minute for the clocks and the way
local CHAT_BUSY_SECONDS = 1
-- Seconds between two messages to one address: Teams takes four a second, Slack's webhooks one.
local SPACING = { teams = 0.25, slack = 1 }
local ACCEPTED = { ['job.queued'] = true, ['job.waiting'] = true, ['job.scheduled'] = true }
local ALWAYS = { ['job.waiting_approval'] = true, ['job.retried'] = true, ['job.succeeded'] = true,
  ['job.failed'] = true, ['job.cancelled'] = true, ['job.expired'] = true }

local function url_key(chat) return NS .. 'chat_url:' .. chat.url_id end

-- Begins the count of a response_url, once. The key goes by itself when nothing could be sent there any more.
function L.chat_open(chat)
  if call('HSETNX', url_key(chat), 'until', L.time(NOW + CHAT_SECONDS)) == 1 then
    call('HSET', url_key(chat), 'used', 0)
    call('EXPIRE', url_key(chat), 2 * CHAT_SECONDS)
  end
end

-- How many messages the response_url still takes.
function L.chat_room(chat)
  local found = call('HMGET', url_key(chat), 'used', 'until')
  if not found[2] or tonumber(found[2]) <= NOW then return 0 end
  return CHAT_USES - tonumber(found[1] or '0')
end

-- Writes the delivery of an event that is worth a message.
function L.tell(event, kind, job, fields, text)
  local chat, place = cjson.decode(text), L.job(job)
  if not L.worth_telling(kind, job, place, chat, fields) then return end
  local id = L.deliver(event, '', chat.shown, fields)
  call('HSET', NS .. 'delivery:' .. id, 'chat', text, 'chat_turn', call('HINCRBY', place, 'chat_turns', 1))
end

function L.worth_telling(kind, job, place, chat, fields)
  if ALWAYS[kind] then return true end
  local by_bot = chat.bot == 1 and L.chat_room(chat) <= 1
  if ACCEPTED[kind] then return by_bot or call('HSETNX', place, 'chat_accepted', 1) == 1 end
  if kind ~= 'step.succeeded' and kind ~= 'step.skipped' then return false end
  if L.get(place, 'phase') ~= 'forward' or L.get(place, 'ending') ~= '' then return false end
  -- The step that has just ended is not in the sum yet.
  local total = L.num(place, 'w_total', 0)
  if total <= 0 then return false end
  local percent = 100 * (L.num(place, 'w_done', 0) + L.meta(job, fields[10]).weight) / total
  local mark = by_bot and 10 * math.floor(percent / 10) or (percent >= 50 and 50 or 0)
  if percent >= 99.5 or mark <= L.num(place, 'chat_mark', 0) then return false end -- the end is told anyway
  call('HSET', place, 'chat_mark', mark)
  return true
end

-- Whether a delivery that came due is not sent now: it waits for its turn, or is given up.
function L.put_off(id, key, endpoint)
  if endpoint ~= '' then return L.spaced(id, key, NS .. 'endpoint:' .. endpoint) end
  local text = call('HGET', key, 'chat')
  return text and L.chat_put_off(id, key, cjson.decode(text)) or false
end

function L.put_off_until(id, key, when)
  call('ZADD', NS .. 'wq', when, id)
  call('HSET', key, 'next_at', L.time(when))
  return true
end

function L.spaced(id, key, place)
  local between = SPACING[L.get(place, 'format')]
  if not between then return false end
  local free = L.num(place, 'free_at', 0)
  if free > NOW then return L.put_off_until(id, key, free) end
  call('HSET', place, 'free_at', L.time(NOW + between))
  return false
end

function L.chat_put_off(id, key, chat)
  local job, turn = L.get(key, 'job'), L.num(key, 'chat_turn', 0)
  local place = L.job(job)
  if turn > 0 then
    -- The job was removed after its retention, and the conversation's address with it.
    if call('EXISTS', place) == 0 then return L.chat_drop(id, key) end
    -- A later message tells more than an earlier one that did not get through.
    if turn < L.num(place, 'chat_told', 0) then return L.chat_drop(id, key) end
    local busy = L.get(place, 'chat_busy')
    if busy ~= '' and busy ~= id and call('HEXISTS', NS .. 'delivery:' .. busy, 'token') == 1 then
      return L.put_off_until(id, key, NOW + CHAT_BUSY_SECONDS)
    end
  elseif call('HEXISTS', key, 'secrets') == 0 then
    return L.chat_drop(id, key) -- a reply that was sent, or could not be: its address is forgotten
  end
  local kind = L.get(key, 'type')
  local kept = (turn == 0 or TERMINAL[string.match(kind, '^job%.(.*)$') or '']) and 0 or 1
  if L.chat_room(chat) > kept then
    call('HINCRBY', url_key(chat), 'used', 1)
    call('HSET', key, 'way', 'url')
  elseif chat.bot == 1 and turn > 0 then
    call('HSET', key, 'way', 'bot')
  else
    return L.chat_drop(id, key)
  end
  if turn > 0 then call('HSET', place, 'chat_told', turn, 'chat_busy', id) end
  return false
end

function L.chat_drop(id, key)
  call('HDEL', key, 'secrets')
  L.delivery_state(id, 'cancelled')
  return true
end

-- A claim that was given back unused.
function L.chat_unused(key)
  local text = call('HGET', key, 'chat')
  if text and call('HGET', key, 'way') == 'url' then call('HINCRBY', url_key(cjson.decode(text)), 'used', -1) end
end

-- What a try taught: the bot's message, to be changed next time; that a response_url takes nothing more. Replies
-- whether the other way is open now.
function L.chat_learn(key, posted, gone)
  local text, job = call('HGET', key, 'chat'), L.get(key, 'job')
  if not text then return false end
  if posted ~= '' and call('EXISTS', L.job(job)) == 1 then call('HSET', L.job(job), 'chat_posted', posted) end
  if not gone or call('HGET', key, 'way') ~= 'url' then return false end
  local chat = cjson.decode(text)
  call('HSET', url_key(chat), 'used', CHAT_USES)
  return chat.bot == 1 and job ~= ''
end

-- Whether a delivery is a message for people.
function L.is_told(key, endpoint)
  if endpoint == '' then return call('HEXISTS', key, 'chat') == 1 end
  return SPACING[L.get(NS .. 'endpoint:' .. endpoint, 'format')] ~= nil
end

-- What a message needs to know of its job, as JSON.
function L.about(job)
  if job == '' or call('EXISTS', L.job(job)) == 0 then return '{}' end
  local found = call('HMGET', L.job(job), 'kind', 'lab_id', 'host_id', 'w_total', 'w_done', 'chat_posted')
  local total = tonumber(found[4] or '') or 0
  local name = found[2] ~= '' and L.get(L.lab(found[2]), 'name') or ''
  local host = found[3] ~= '' and L.get(L.host(found[3]), 'name') or ''
  return cjson.encode({ kind = found[1], name = name, host = host, posted = found[6] or '',
    percent = total > 0 and math.min(99, math.floor(100 * (tonumber(found[5] or '') or 0) / total)) or 0 })
end
