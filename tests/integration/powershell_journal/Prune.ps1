foreach ($n in 1, 2, 3) {
    $null = Invoke-NestedCall -Name 'Set-NestedThing' -CallId "job_$n.step.0#1" -Fence 5
}
# What dead processes left, too: locks without a call, half written files.
$left = @(
    'job_4.step.0#1.lock'
    'fence.job_4.step.0.txt.lock'
    'job_4.step.0#1.call.ff.tmp'
    'job_1.step.0#1.torn'
    'job_3.step.0#1.call.ff.tmp'
)
foreach ($name in $left) {
    [System.IO.File]::WriteAllText("$env:MATRYOSHKA_JOURNAL/$name", '')
}
foreach ($path in [System.IO.Directory]::GetFiles($env:MATRYOSHKA_JOURNAL)) {
    if ($path -notlike '*job_3*') {
        [System.IO.File]::SetLastWriteTimeUtc($path, [datetime]::UtcNow.AddDays(-40))
    }
}
$before = [System.IO.Directory]::GetFiles($env:MATRYOSHKA_JOURNAL).Length
$what = Clear-NestedCallJournal -WhatIf
$same = $before -eq [System.IO.Directory]::GetFiles($env:MATRYOSHKA_JOURNAL).Length
$call = Invoke-NestedCall -Name 'Clear-NestedCallJournal' -CallId 'job_9.prune.0#1' -Parameters @{ OlderThanDays = 30 }
$answer = @{ what = $what; same = $same; done = ($call.ResultJson | ConvertFrom-Json) }
