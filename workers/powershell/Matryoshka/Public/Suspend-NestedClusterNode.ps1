function Suspend-NestedClusterNode {
    <#
    .SYNOPSIS
    Pauses a node of this machine's cluster and moves its roles to the others.

    .DESCRIPTION
    Runs inside another node. It waits until the node is drained. A drain that is refused or fails leaves the node as it was: it is resumed.

    .PARAMETER Name
    The node's name.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: the record of Get-NestedCluster and Changed. Error ids: Matryoshka.NodeUnknown,
    Matryoshka.DrainFailed; Windows' own pass.

    .EXAMPLE
    Suspend-NestedClusterNode -Name 'nest-2'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name
    )
    $node = Get-MkClusterNode -Name $Name
    if ($null -eq $node) {
        $message = "The cluster has no node '$Name'."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'NodeUnknown' -Category ObjectNotFound -Message $message -TargetObject $Name
    }
    $drained = $node.State.ToString() -eq 'Paused' -and $node.DrainStatus.ToString() -eq 'Completed'
    $changed = $false
    if (-not $drained -and $PSCmdlet.ShouldProcess($Name, 'Drain and pause')) {
        Write-Progress -Activity 'Draining a cluster node' -Status $Name
        if ((Suspend-MkClusterNode -Name $Name) -eq 'Failed') {
            $message = "The roles of the node '$Name' could not be moved."
            Stop-MkFunction -Cmdlet $PSCmdlet -Id 'DrainFailed' -Category InvalidResult -Message $message -TargetObject $Name
        }
        $changed = $true
    }
    $record = ConvertTo-MkClusterRecord -Cluster (Get-MkCluster)
    $record.Changed = $changed
    return [pscustomobject]$record
}
