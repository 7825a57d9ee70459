function Protect-MkFile {
    # Closes a file to all but SYSTEM and the administrators. Nothing where there are no access lists.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    if (-not (Microsoft.PowerShell.Core\Get-Command -Name 'Set-Acl' -ErrorAction Ignore)) {
        return
    }
    $security = New-Object -TypeName 'System.Security.AccessControl.FileSecurity'
    $security.SetSecurityDescriptorSddlForm('O:BAD:PAI(A;;FA;;;SY)(A;;FA;;;BA)')
    Set-Acl -LiteralPath $Path -AclObject $security -ErrorAction Stop
}
