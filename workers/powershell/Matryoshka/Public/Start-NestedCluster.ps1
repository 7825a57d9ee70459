function Start-NestedCluster {
    <#
    .SYNOPSIS
    Starts the cluster service on all nodes of this machine's cluster where it does not run.

    .DESCRIPTION
    Runs inside a node. A cluster that has no node down is left alone. Nodes may still be joining when it answers.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: the record of Get-NestedCluster and Changed. Error id: Matryoshka.NotClustered; Windows' own pass.

    .EXAMPLE
    Start-NestedCluster
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param()

    # The service of a machine that is of no cluster is disabled (Start 4), and absent without the feature.
    $start = Get-MkRegistryValue -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\ClusSvc' -Name 'Start'
    if ($null -eq $start -or $start -eq 4) {
        $message = 'This machine is a node of no cluster.'
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'NotClustered' -Category InvalidOperation -Message $message -TargetObject ([System.Environment]::MachineName)
    }
    $record = ConvertTo-MkClusterRecord -Cluster (Get-MkCluster)
    $down = @($record.Nodes | Where-Object -FilterScript { $_.State -eq 'Down' })
    $changed = $false
    if ((-not $record.Exists -or $down.Count -gt 0) -and $PSCmdlet.ShouldProcess([System.Environment]::MachineName, 'Start cluster')) {
        Write-Progress -Activity 'Starting a cluster' -Status ([System.Environment]::MachineName)
        $null = Start-Cluster -ErrorAction Stop
        $changed = $true
        $record = ConvertTo-MkClusterRecord -Cluster (Get-MkCluster)
    }
    $record.Changed = $changed
    return [pscustomobject]$record
}
