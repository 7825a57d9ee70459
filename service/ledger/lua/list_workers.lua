-- Replies the living workers as flat lists.
local rows = {}
for _, name in ipairs(call('ZRANGEBYSCORE', NS .. 'workers', '(' .. string.format('%.6f', NOW), '+inf', 'LIMIT', 0, 1000)) do
  local row = call('HGETALL', NS .. 'worker:' .. name)
  row[#row + 1] = 'leases'
  row[#row + 1] = call('SCARD', NS .. 'worker:' .. name .. ':leases')
  rows[#rows + 1] = row
end
return rows
