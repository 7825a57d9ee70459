function Get-MkHostEntry {
    # The names in the hosts file with their addresses.
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param()

    $entries = [ordered]@{}
    foreach ($line in ([string](Read-MkText -Path (Get-MkHostsPath))).Split("`n")) {
        $words = @(($line -replace '#.*', '').Split([char[]]" `t`r", [System.StringSplitOptions]::RemoveEmptyEntries))
        for ($i = 1; $i -lt $words.Count; $i++) {
            $entries[$words[$i]] = $words[0]
        }
    }
    return $entries
}
