function Get-NestedRole {
    <#
    .SYNOPSIS
    Says whether Windows Server features are installed.

    .DESCRIPTION
    Reads only; runs inside a node. InstallState is that of Get-WindowsFeature: Available, Installed, UninstallPending, InstallPending,
    NotPresent or Removed; $null for a feature that this Windows does not know.

    .PARAMETER Feature
    Names of features, for instance Hyper-V, Failover-Clustering.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Installed (all of them), Features (Name, InstallState) and PendingReboot.

    .EXAMPLE
    Get-NestedRole -Feature 'Hyper-V', 'Failover-Clustering'
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string[]]$Feature
    )
    $rows = @(Get-MkFeature -Feature $Feature)
    return [pscustomobject][ordered]@{
        Installed     = (@($rows | Where-Object -FilterScript { $_.InstallState -ne 'Installed' }).Count -eq 0)
        Features      = $rows
        PendingReboot = (@(Get-MkPendingReboot).Count -gt 0)
    }
}
