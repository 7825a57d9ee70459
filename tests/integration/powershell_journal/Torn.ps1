# What a crash can leave of a record: its result ends in characters of two, three and four bytes.
$mode = [string][char]233 + [char]8364 + [char]::ConvertFromUtf32(128512)
$path = "$env:MATRYOSHKA_JOURNAL/job_1.step.0#1.call"
$invoke = { Invoke-NestedCall -Name 'Set-NestedThing' -CallId 'job_1.step.0#1' -Fence 5 -Parameters @{ Mode = $mode } }
$first = & $invoke
$whole = [System.IO.File]::ReadAllBytes($path)
$line = [System.Array]::IndexOf($whole, [byte]10)
$zeros = $whole.Clone()
[System.Array]::Clear($zeros, $line + 1, $zeros.Length - $line - 1)
$mixed = $whole.Clone()
$mixed[$line + 3] = 65
$contents = [ordered]@{}
foreach ($cut in 0, 1, 30, ($line - 1), $line, ($line + 1), ($line + 9), ($line + 11), ($line + 13), ($line + 14), ($line + 17), ($whole.Length - 1)) {
    $part = New-Object -TypeName 'byte[]' -ArgumentList $cut
    [System.Array]::Copy($whole, $part, $cut)
    $contents["cut at $cut"] = $part
}
$contents['one byte more'] = [byte[]]($whole + [byte]32)
$contents['a tail of zeros'] = [byte[]]$zeros
$contents['all zeros'] = New-Object -TypeName 'byte[]' -ArgumentList $whole.Length
$contents['another letter'] = [byte[]]$mixed
$contents['another file'] = [System.Text.Encoding]::UTF8.GetBytes("{}`n{}")
$contents['not UTF-8'] = [byte[]](255, 254, 0, 216, 10)
$answer = [ordered]@{}
foreach ($name in $contents.Keys) {
    [System.IO.File]::WriteAllBytes($path, $contents[$name])
    $before = [System.IO.File]::ReadAllLines($env:MK_MARK).Length
    $status = (Get-NestedCall -CallId 'job_1.step.0#1').Status
    $again = & $invoke
    $kept = [System.Convert]::ToBase64String([System.IO.File]::ReadAllBytes("$($path -replace '\.call$', '.torn')"))
    $answer[$name] = [ordered]@{
        status = $status
        replayed = $again.Replayed
        result = $again.ResultJson -ceq $first.ResultJson
        ran = [System.IO.File]::ReadAllLines($env:MK_MARK).Length - $before
        kept = $kept -eq [System.Convert]::ToBase64String($contents[$name])
        then = (& $invoke).Replayed
    }
}
