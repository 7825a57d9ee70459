-- Keeps what a user was shown and may confirm, for a while. Safe to repeat.
local key = NS .. 'chat_pending:' .. A.id
call('HSET', key, 'who', A.who, 'body', A.body, 'until', L.time(NOW + A.seconds))
call('EXPIRE', key, A.seconds + 60)
return 1
