-- Puts linked entries behind the head that they were linked to. Replies 1, or 0 when the chain has another head: somebody
-- else was faster. Rows are {id of the open entry or '', number, line}.
local head = NS .. 'audit:head'
local now = call('HMGET', head, 'seq', 'hash')
if (now[1] or '0') ~= A.seq or (now[2] or A.start) ~= A.hash then return 0 end
for _, row in ipairs(A.rows) do
  call('XADD', NS .. 'audit:log', row[2] .. '-0', 'entry', row[3])
  if row[1] ~= '' then call('XDEL', NS .. 'audit:open', row[1]) end
end
call('HSET', head, 'seq', A.new_seq, 'hash', A.new_hash)
if A.keep_from ~= '' then
  call('XTRIM', NS .. 'audit:log', 'MINID', A.keep_from .. '-0')
  call('HSET', head, 'first', A.keep_from)
end
return 1
