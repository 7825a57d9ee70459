function ConvertTo-MkGuestErrorKind {
    # What an error of a guest session means, by type and id only: 'own' (an error of the guest's Invoke-NestedCall),
    # 'credential', 'no_vm', 'not_ready' or 'other'.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.ErrorRecord]$ErrorRecord
    )
    $id = $ErrorRecord.FullyQualifiedErrorId
    if ($id -like 'Matryoshka.*') {
        return 'own'
    }
    if ($id -like 'InvalidVMIdNotSingle*') {
        return 'no_vm'
    }
    $names = New-Object -TypeName 'System.Collections.Generic.List[string]'
    for ($inner = $ErrorRecord.Exception; $null -ne $inner; $inner = $inner.InnerException) {
        $names.Add($inner.GetType().Name)
    }
    # 5 is ERROR_ACCESS_DENIED, 1326 ERROR_LOGON_FAILURE: the words are PowerShell's own for these codes (docs/sources.md H18).
    if ($names.Contains('PSDirectException') -or $id -like 'AccessDenied,*' -or $id -like 'LogonFailure,*') {
        return 'credential'
    }
    foreach ($name in $names) {
        if ($name -like 'PSRemoting*Exception') {
            return 'not_ready'
        }
    }
    return 'other'
}
