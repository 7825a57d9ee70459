-- The first press decides: replies {'decided', decision, body}, the same for every later one; {'gone'} when it is too
-- late or unknown, {'foreign'} for another user than the one who was asked.
local key = NS .. 'chat_pending:' .. A.id
local found = call('HMGET', key, 'who', 'body', 'until', 'decision')
if not found[1] or tonumber(found[3]) <= NOW then return { 'gone', '', '' } end
if found[1] ~= A.who then return { 'foreign', '', '' } end
local decision = found[4]
if not decision then
  decision = A.decision
  call('HSET', key, 'decision', decision)
end
return { 'decided', decision, found[2] }
