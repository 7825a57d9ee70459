function Read-MkFence {
    # The highest fence seen for a call's scope, 0 when none. A file that is torn or gone is replaced by what the scope's records say.
    [CmdletBinding()]
    [OutputType([long])]
    param(
        [Parameter(Mandatory = $true)]
        [hashtable]$Call
    )
    $text = Read-MkText -Path $Call.FencePath
    if ($null -ne $text -and $text -match '\A[0-9]{1,19}\n\z') {
        return [long]$text.Trim()
    }
    $highest = [long]0
    foreach ($path in [System.IO.Directory]::GetFiles($Call.Folder, ('{0}#*.call' -f $Call.Scope))) {
        $record = Read-MkCallRecord -Path $path
        if ($null -ne $record -and $record.Fence -gt $highest) {
            $highest = [long]$record.Fence
        }
    }
    return $highest
}
