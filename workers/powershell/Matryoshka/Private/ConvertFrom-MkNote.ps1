function ConvertFrom-MkNote {
    # The owner in a VM's or switch's Notes; Owner and Node are $null when the note is not ours. Notes are anybody's text.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [AllowNull()]
        [object]$Note
    )
    $answer = @{ Owner = $null; Node = $null }
    $text = ([string]$Note).Trim()
    if (-not $text.StartsWith('{')) {
        return $answer
    }
    try {
        $parsed = ConvertFrom-Json -InputObject $text -ErrorAction Stop
    }
    catch {
        return $answer
    }
    if ($null -eq $parsed.PSObject.Properties['matryoshka']) {
        return $answer
    }
    foreach ($field in 'Owner', 'Node') {
        $property = $parsed.matryoshka.PSObject.Properties[$field]
        if ($null -ne $property) {
            $answer[$field] = [string]$property.Value
        }
    }
    return $answer
}
