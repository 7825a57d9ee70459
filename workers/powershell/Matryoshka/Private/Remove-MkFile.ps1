function Remove-MkFile {
    # Deletes a file that nobody needs; one that somebody holds stays.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    try {
        [System.IO.File]::Delete($Path)
    }
    catch [System.IO.IOException], [System.UnauthorizedAccessException] {
        Write-Verbose -Message "'$Path' stays: it is in use."
    }
}
