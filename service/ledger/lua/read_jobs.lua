-- Replies the named jobs as flat field lists, each with its progress; with their facts when `result` is asked.
return L.views(A.ids, A.result)
