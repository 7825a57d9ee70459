function Restart-NestedGuest {
    <#
    .SYNOPSIS
    Restarts this machine, some seconds after the answer.

    .DESCRIPTION
    Runs inside a node. The delay lets the answer and the journal's record out first. The machine has restarted when
    Get-NestedBootIdentity tells another BootId than this answer.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed and BootId (of the boot that ends).

    .EXAMPLE
    (Restart-NestedGuest).BootId
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param()

    $boot = Get-MkBoot
    $changed = $false
    if ($PSCmdlet.ShouldProcess([System.Environment]::MachineName, 'Restart')) {
        Start-MkRestart -DelaySeconds 5
        $changed = $true
    }
    return [pscustomobject][ordered]@{ Changed = $changed; BootId = $boot.BootId }
}
