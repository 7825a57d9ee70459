function Get-NestedHypervisorProof {
    <#
    .SYNOPSIS
    Proves that this machine's own hypervisor started in this boot, or says why it did not.

    .DESCRIPTION
    Event 1 of Microsoft-Windows-Hyper-V-Hypervisor since boot is the proof. A running vmms service is none: it also runs
    without a hypervisor. Failures: 41 VMX, 42 SVM, 44 NX, 59 SLAT missing, 32 platform unsupported, 5 disabled in BCD.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with HypervisorLaunched, LaunchEventId, LaunchedAt, FailureEventId, FailureReason,
    VmmsRunning, VMHostAnswers, PendingReboot and BootId.

    .EXAMPLE
    (Get-NestedHypervisorProof).HypervisorLaunched
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param()

    $boot = Get-MkBoot
    $launch = Get-MkHypervisorLaunch -BootedAt $boot.BootedAt
    return [pscustomobject][ordered]@{
        HypervisorLaunched = ($launch.Launched -eq $true)
        LaunchEventId      = $launch.EventId
        LaunchedAt         = $launch.At
        FailureEventId     = $launch.FailureEventId
        FailureReason      = $launch.FailureReason
        VmmsRunning        = ((Get-MkService -Name 'vmms') -eq 'Running')
        VMHostAnswers      = Test-MkVMHost
        PendingReboot      = (@(Get-MkPendingReboot).Count -gt 0)
        BootId             = $boot.BootId
    }
}
