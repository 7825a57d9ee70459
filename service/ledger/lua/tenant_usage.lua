-- Replies {unfinished jobs, nodes, memory in MiB} of a tenant.
return L.usage(A.tenant)
