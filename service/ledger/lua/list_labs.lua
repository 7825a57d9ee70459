-- Replies {labs, score, id to go on from ('' = the end)}.
local found, score, last = L.page(NS .. 'ix:lab:', A.indexes, A.before, A.before_id, '-inf', '+inf', A.limit,
  L.keeper('lab', 'tenant', A.tenant))
local rows = {}
for _, id in ipairs(found) do rows[#rows + 1] = call('HGETALL', L.lab(id)) end
return { rows, score, last }
