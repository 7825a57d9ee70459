function Suspend-MkClusterNode {
    # Pauses and drains a node; how its drain ended (Completed, Failed). What does not go through is taken back: a paused node would stay so.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name
    )
    $short = $Name.Split('.')[0]
    try {
        $null = Suspend-ClusterNode -Name $short -Drain -Wait -Confirm:$false -ErrorAction Stop
        $ended = (Get-MkClusterNode -Name $short).DrainStatus.ToString()
        if ($ended -ne 'Failed') {
            return $ended
        }
    }
    catch {
        $failure = $_
        if ((Get-MkClusterNodeState -Name $short) -eq 'Paused') {
            $null = Resume-ClusterNode -Name $short -Failback 'NoFailback' -ErrorAction Stop
        }
        throw $failure
    }
    $null = Resume-ClusterNode -Name $short -Failback 'NoFailback' -ErrorAction Stop
    return 'Failed'
}
