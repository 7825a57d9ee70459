function Save-MkModuleText {
    # Keeps the module's text for the next call to this machine. Only a convenience: a call that cannot keep it still runs.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [string]$Text
    )
    try {
        New-MkClosedFolder -Path (Get-MkParentFolder -Path $Path)
        Write-MkText -Path $Path -Text $Text
    }
    catch {
        Write-Verbose -Message "The module's text was not kept in '$Path': $($_.Exception.Message)"
    }
}
