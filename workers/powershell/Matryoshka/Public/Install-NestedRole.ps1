function Install-NestedRole {
    <#
    .SYNOPSIS
    Installs Hyper-V and other Windows Server features in this machine, without restarting it.

    .DESCRIPTION
    The in-guest side of nested virtualization. Where Windows' prerequisite check refuses Hyper-V although the processor shows its
    virtualization extensions (it looks for a BIOS that a guest does not have), Hyper-V goes in once by DISM, which makes no such
    check, with a warning. Where the processor does not show them, the refusal stands: Hyper-V could not start there.

    .PARAMETER Feature
    Names of features, for instance Hyper-V, Hyper-V-PowerShell, Failover-Clustering, RSAT-Clustering-PowerShell.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed, RestartNeeded, ExitCode, UsedDism and Features (Name, InstallState). Windows' own error
    ids pass, above all Alteration_PrerequisiteCheck_Failed,Microsoft.Windows.ServerManager.Commands.AddWindowsFeatureCommand.

    .EXAMPLE
    Install-NestedRole -Feature 'Hyper-V', 'Hyper-V-PowerShell'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string[]]$Feature
    )
    $missing = @(Get-MkFeature -Feature $Feature | Where-Object -FilterScript { 'Installed', 'InstallPending' -notcontains $_.InstallState } | ForEach-Object -Process { $_.Name })
    $answer = @{ Changed = $false; RestartNeeded = $false; ExitCode = 'NoChangeNeeded'; UsedDism = $false }
    if ($missing.Count -gt 0 -and $PSCmdlet.ShouldProcess([System.Environment]::MachineName, "Install $($missing -join ', ')")) {
        $answer = Install-MkFeature -Feature $missing
    }
    $rows = @(Get-MkFeature -Feature $Feature)
    $pending = @($rows | Where-Object -FilterScript { $_.InstallState -eq 'InstallPending' }).Count -gt 0
    return [pscustomobject][ordered]@{
        Changed       = $answer.Changed
        RestartNeeded = ($answer.RestartNeeded -or $pending)
        ExitCode      = $answer.ExitCode
        UsedDism      = $answer.UsedDism
        Features      = $rows
    }
}
