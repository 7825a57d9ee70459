function Move-MkFile {
    # Puts a file in the place of another at once. A reader or a virus scanner can hold the old one for a moment: tried for 5 s.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Source,

        [Parameter(Mandatory = $true)]
        [string]$Destination
    )
    for ($try = 1; $true; $try++) {
        try {
            if ([System.IO.File]::Exists($Destination)) {
                [System.IO.File]::Replace($Source, $Destination, [System.Management.Automation.Language.NullString]::Value)
            }
            else {
                [System.IO.File]::Move($Source, $Destination)
            }
            return
        }
        catch [System.IO.IOException], [System.UnauthorizedAccessException] {
            if ($try -ge 100) {
                [System.IO.File]::Delete($Source)
                throw
            }
        }
        [System.Threading.Thread]::Sleep(50)
    }
}
