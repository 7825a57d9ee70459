function Test-MkFirewallGroup {
    # Whether a group has rules and all are enabled. An unknown group is 'not found' to Windows, not an empty answer.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Group
    )
    try {
        $rules = @(Get-NetFirewallRule -Group $Group -ErrorAction Stop)
    }
    catch {
        if ($_.CategoryInfo.Category -eq 'ObjectNotFound' -and $_.FullyQualifiedErrorId -ne 'CommandNotFoundException') {
            return $false
        }
        throw
    }
    $disabled = @($rules | Where-Object -FilterScript { [string]$_.Enabled -ne 'True' })
    return ($rules.Count -gt 0 -and $disabled.Count -eq 0)
}
