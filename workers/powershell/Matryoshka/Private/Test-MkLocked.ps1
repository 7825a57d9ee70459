function Test-MkLocked {
    # Whether a living process holds a lock file.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    if (-not [System.IO.File]::Exists($Path)) {
        return $false
    }
    $lock = Lock-MkFile -Path $Path
    if ($null -eq $lock) {
        return $true
    }
    $lock.Dispose()
    return $false
}
