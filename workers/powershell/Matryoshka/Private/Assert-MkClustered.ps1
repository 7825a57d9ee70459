function Assert-MkClustered {
    # The cluster of this machine; ends the calling function with NotClustered when there is none.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet
    )
    $cluster = Get-MkCluster
    if ($null -eq $cluster) {
        $message = 'This machine is not a running node of a cluster.'
        Stop-MkFunction -Cmdlet $Cmdlet -Id 'NotClustered' -Category InvalidOperation -Message $message -TargetObject ([System.Environment]::MachineName)
    }
    return $cluster
}
