$path = "$env:MATRYOSHKA_JOURNAL/job_2.step.0#1.call"
$null = Invoke-NestedCall -Name 'Set-NestedThing' -CallId 'job_2.step.0#1' -Fence 5
foreach ($left in "$path.0123456789abcdef0123456789abcdef.tmp", "$env:MATRYOSHKA_JOURNAL/fence.job_2.step.0.txt.ff.tmp") {
    [System.IO.File]::WriteAllText($left, '{"Status":"running"')
}
$answer = @{
    seen = (Get-NestedCall -CallId 'job_2.step.0#1').Status
    replayed = (Invoke-NestedCall -Name 'Set-NestedThing' -CallId 'job_2.step.0#1' -Fence 5).Replayed
    next = (Invoke-NestedCall -Name 'Set-NestedThing' -CallId 'job_2.step.0#2' -Fence 5).Replayed
}
