function Test-MkRole {
    # Whether the caller's token holds a group, by its SID (names are localized).
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Sid
    )
    if ([System.Environment]::OSVersion.Platform -ne 'Win32NT') {
        return $false
    }
    $identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object -TypeName 'System.Security.Principal.WindowsPrincipal' -ArgumentList $identity
    return $principal.IsInRole((New-Object -TypeName 'System.Security.Principal.SecurityIdentifier' -ArgumentList $Sid))
}
