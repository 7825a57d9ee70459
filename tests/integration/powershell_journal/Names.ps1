$names = '../x#1', 'a/b#1', 'a\b#1', 'a:b#1', 'a#', '#1', "a#1`n", 'a#1.call', 'a#1#2', 'a b#1', ('a' * 151 + '#1'), 'a#1234567890', 'a*#1'
$answer = @(foreach ($name in $names) {
        foreach ($call in { Invoke-NestedCall -Name 'Set-NestedThing' -CallId $name }, { Get-NestedCall -CallId $name }) {
            try { (& $call).Status } catch { $_.FullyQualifiedErrorId }
        }
    })
