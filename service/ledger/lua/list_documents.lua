-- Replies up to `limit` documents older than (before, before_id), newest first.
local rows = {}
local ids = call('ZREVRANGEBYSCORE', NS .. 'ix:' .. A.kind, A.before, '-inf', 'WITHSCORES', 'LIMIT', 0, A.limit + 100)
for i = 1, #ids, 2 do
  local skip = A.before ~= '+inf' and tonumber(ids[i + 1]) == tonumber(A.before) and ids[i] >= A.before_id
  if not skip and #rows < A.limit then rows[#rows + 1] = call('HGETALL', NS .. A.kind .. ':' .. ids[i]) end
end
return rows
