function Move-MkForeignFolder {
    # Puts a folder aside that neither the administrators nor SYSTEM own: everyone may make folders in ProgramData, and records that
    # somebody planted there would be taken for ours. Closing the folder alone would keep them.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    $reader = Microsoft.PowerShell.Core\Get-Command -Name 'Get-Acl' -ErrorAction Ignore
    if ($null -eq $reader -or -not [System.IO.Directory]::Exists($Path)) {
        return
    }
    $owner = (Get-Acl -LiteralPath $Path -ErrorAction Stop).GetSecurityDescriptorSddlForm('Owner')
    if ('O:BA', 'O:SY' -contains $owner) {
        return
    }
    Write-Warning -Message "The folder '$Path' is somebody else's: it is put aside."
    [System.IO.Directory]::Move($Path, ('{0}.foreign-{1}' -f $Path, [System.Guid]::NewGuid().ToString('N')))
}
