-- Writes one message to a response_url, which no job has asked for. It is no event of the feed. Replies the delivery.
local chat = cjson.decode(A.chat)
L.chat_open(chat)
local event = string.format('%d-%d', math.floor(NOW * 1000), call('INCR', NS .. 'chat_number'))
local fields = { 'type', 'chat.replied', 'at', L.time(NOW), 'job', '', 'lab', '', 'step', '', 'node', '', 'data', A.data,
  'tenant', A.tenant }
local id = L.deliver(event, '', chat.shown, fields)
call('HSET', NS .. 'delivery:' .. id, 'chat', A.chat, 'secrets', A.secrets)
return id
