-- The audit log. ARGV[4] says who acts (JSON text, '' = nobody who is audited), ARGV[5] is a word for this run only.
-- A move that changes its target appends to audit:open in the same moment; a sealer links what is open into the chain.

function L.audit_target()
  if type(A.kind) == 'string' and A.id then return A.kind, A.id end
  for _, sort in ipairs({ 'job', 'lab', 'endpoint', 'delivery' }) do
    if type(A[sort]) == 'string' then return sort, A[sort] end
  end
end

-- A record as its hash sees it: the values of its fields in their order (false = none); '' when there is no record.
function L.audit_of(sort, id)
  local values = call('HMGET', NS .. sort .. ':' .. id, unpack(AUDIT_FIELDS[sort] or AUDIT_DOCUMENT))
  if not values[1] then return '' end
  return cjson.encode(values)
end

function L.audit_write(act, sort, id, before, after)
  call('XADD', NS .. 'audit:open', '*', 'at', L.time(NOW), 'act', act, 'sort', sort, 'id', id, 'before', before,
    'after', after)
end

-- Runs a move. `L.changed` is how a move says that it changed something beside its target.
function L.audited(move)
  local act = ARGV[4]
  if not act or act == '' then return move() end
  local sort, id = L.audit_target()
  if not sort then return move() end
  local before = L.audit_of(sort, id)
  local reply = move()
  local after = L.audit_of(sort, id)
  if before == after and not L.changed then return reply end
  -- A call that is repeated because its reply was lost. What was made is there by then, and needs no mark.
  if before ~= '' and not call('SET', NS .. 'audit:once:' .. ARGV[5], 1, 'EX', 60, 'NX') then return reply end
  L.audit_write(act, sort, id, before, after)
  return reply
end

-- What this service does by itself; `before` is the record before it.
function L.audit_system(operation, sort, id, before)
  if ARGV[4] and ARGV[4] ~= '' then return end -- somebody acts: his own entry tells of it
  local actor = { kind = 'system', id = 'sweep', name = 'sweep' }
  L.audit_write(cjson.encode({ actor = actor, operation = operation }), sort, id, before, L.audit_of(sort, id))
end
