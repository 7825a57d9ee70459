-- Counts what could be claimed now, looking at some hundreds of jobs at most.
L.pop_due(100)
return L.count_claimable()
