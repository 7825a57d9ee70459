function Remove-MkCall {
    # Removes a call's files unless it runs; whether it did.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    $lockPath = [System.IO.Path]::ChangeExtension($Path, '.lock')
    $lock = Lock-MkFile -Path $lockPath
    if ($null -eq $lock) {
        return $false
    }
    try {
        [System.IO.File]::Delete($Path)
        [System.IO.File]::Delete([System.IO.Path]::ChangeExtension($Path, '.torn'))
    }
    finally {
        $lock.Dispose()
    }
    Remove-MkFile -Path $lockPath
    return $true
}
