-- Replies the time and every key of the namespace as it is in this one moment: {time, name, expiry in ms or -1, DUMP, ...}.
-- It writes nothing, so a replica runs it too, and the primary is not held up. What a restore has put aside is no part of it.
local found = { L.time(NOW) }
local aside = NS .. 'restoring:'
for _, key in ipairs(call('KEYS', NS .. '*')) do
  local value = string.sub(key, 1, #aside) ~= aside and call('DUMP', key)
  if value then
    found[#found + 1] = string.sub(key, #NS + 1)
    found[#found + 1] = call('PEXPIRETIME', key)
    found[#found + 1] = value
  end
end
return found
