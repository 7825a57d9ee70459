# Fence files as a crash may leave them, after the highest fence that there is was seen.
$fence = "$env:MATRYOSHKA_JOURNAL/fence.job_1.step.0.txt"
$highest = [long]::MaxValue
$null = Invoke-NestedCall -Name 'Set-NestedThing' -CallId 'job_1.step.0#1' -Fence $highest
$answer = [ordered]@{}
foreach ($content in "$highest`n", '', "$([char]0)$([char]0)", '12', "9223372036854775807", "nothing`n", $null) {
    $name = "<$content>"
    if ($null -eq $content) {
        $name = 'gone'
        [System.IO.File]::Delete($fence)
    }
    else {
        [System.IO.File]::WriteAllText($fence, $content)
    }
    try {
        $answer[$name] = (Invoke-NestedCall -Name 'Set-NestedThing' -CallId 'job_1.step.0#2' -Fence ($highest - 1)).Status
    }
    catch {
        $answer[$name] = $_.FullyQualifiedErrorId
    }
}
# A scope whose calls were pruned keeps its fence for as long as nobody prunes that.
[System.IO.File]::WriteAllText("$env:MATRYOSHKA_JOURNAL/fence.job_2.step.0.txt", "$highest`n")
try {
    $answer['no call left'] = (Invoke-NestedCall -Name 'Set-NestedThing' -CallId 'job_2.step.0#1' -Fence ($highest - 1)).Status
}
catch {
    $answer['no call left'] = $_.FullyQualifiedErrorId
}
