-- Writes when keys were used last, of those that are still there. No new version: nothing of the key has changed.
for _, one in ipairs(A.times) do
  local key = NS .. 'key:' .. one[1]
  if call('EXISTS', key) == 1 and L.num(key, 'last_used_at', 0) < one[2] then call('HSET', key, 'last_used_at', L.time(one[2])) end
end
return 1
