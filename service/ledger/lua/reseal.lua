-- Replaces a record's sealed secrets when they are what the caller read. Replies 1, or 0 when they changed or are gone.
-- The record keeps its version: what the secrets are has not changed, and neither callers nor sessions need to know.
local key = NS .. A.kind .. ':' .. A.id
if call('HGET', key, A.field) ~= A.old then return 0 end
call('HSET', key, A.field, A.new)
L.changed = true
return 1
