-- Replies {jobs, score, id to go on from ('' = the end)}.
local found, score, id = L.page(NS .. 'ix:job:', A.indexes, A.before, A.before_id, A.after, A['until'], A.limit,
  L.keeper('job', 'tenant', A.tenant))
return { L.views(found, false), score, id }
