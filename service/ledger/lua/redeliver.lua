-- Starts a delivery's schedule again, with the same id. Replies 1, or 0 when unknown. One under a lease is left alone.
if call('EXISTS', NS .. 'delivery:' .. A.delivery) == 0 then return 0 end
L.changed = L.restart_delivery(A.delivery)
return 1
