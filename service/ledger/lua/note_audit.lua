-- Writes an entry about something that changed no record: an attempt that was refused, or a file of keys. `sort` and
-- `target` are '' when it was about no record.
if not call('SET', NS .. 'audit:once:' .. ARGV[5], 1, 'EX', 60, 'NX') then return 0 end
L.audit_write(A.act, A.sort, A.target, '', '')
return 1
