-- Replies the job's steps in the plan's order as flat lists.
local key = L.job(A.job)
local order = call('GET', key .. ':order')
if not order then return {} end
local specs, state, rows = L.hash(key .. ':spec'), L.hash(L.steps(A.job)), {}
for _, step in ipairs(cjson.decode(order)) do
  local function of(name, default) return state[name .. ':' .. step] or default end
  local undoing = of('u', '') == 'running'
  -- One that was stopped before its next try had been tried nevertheless.
  local tried = of('s', '') == 'cancelled' and state['o:' .. step] and '1' or '0'
  rows[#rows + 1] = { 'spec', specs[step], 'state', undoing and 'running' or of('s', 'pending'), 'attempt', of('a', tried),
    'percent', of('p', '0'), 'message', of('m', ''), 'started_at', of('sb', ''), 'ended_at', of('e', ''), 'error', of('x', ''),
    'worker', of('w', ''), 'generation', of('g', '1'), 'fence', of('f', '0'), 'intent', of('i', '') }
end
return rows
