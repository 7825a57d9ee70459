function Protect-MkFolder {
    # Closes a folder to all but SYSTEM and the administrators: everyone may make folders in ProgramData.
    # Does nothing where there are no access lists (the test engine on Linux).
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    if (-not (Microsoft.PowerShell.Core\Get-Command -Name 'Set-Acl' -ErrorAction Ignore)) {
        return
    }
    $wanted = 'D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)'
    $present = Get-Acl -LiteralPath $Path -ErrorAction Stop
    if ($present.GetSecurityDescriptorSddlForm('Access') -eq $wanted -and $present.GetSecurityDescriptorSddlForm('Owner') -eq 'O:BA') {
        return
    }
    $security = New-Object -TypeName 'System.Security.AccessControl.DirectorySecurity'
    $security.SetSecurityDescriptorSddlForm('O:BA' + $wanted)
    Set-Acl -LiteralPath $Path -AclObject $security -ErrorAction Stop
}
