function Get-NestedBootIdentity {
    <#
    .SYNOPSIS
    Says which boot this is, and whether Windows wants another one.

    .DESCRIPTION
    A machine has restarted when its BootId has changed. PendingReasons: servicing, windows_update, server_manager, file_rename,
    computer_name, domain_join.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with BootId, BootedAt, UptimeSeconds, PendingReboot and PendingReasons.

    .EXAMPLE
    (Get-NestedBootIdentity).BootId
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param()

    $boot = Get-MkBoot
    $reasons = [string[]]@(Get-MkPendingReboot)
    return [pscustomobject][ordered]@{
        BootId         = $boot.BootId
        BootedAt       = ConvertTo-MkTime -Value $boot.BootedAt
        UptimeSeconds  = $boot.UptimeSeconds
        PendingReboot  = ($reasons.Count -gt 0)
        PendingReasons = $reasons
    }
}
