function New-NestedCluster {
    <#
    .SYNOPSIS
    Makes a failover cluster of this machine (and others).

    .DESCRIPTION
    Runs inside the first node. A cluster of this name that has these nodes is taken as it is. A creation that fails is cleaned up on
    this machine, so that it can be tried again.

    .PARAMETER Name
    The cluster's name, at most 15 characters.

    .PARAMETER Node
    The machines' names.

    .PARAMETER StaticAddress
    The cluster's IPv4 address; empty for DHCP or none.

    .PARAMETER AdministrativeAccessPoint
    Dns (workgroup), ActiveDirectoryAndDns (domain) or None.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: the record of Get-NestedCluster and Changed. Error id: Matryoshka.NodeAlreadyClustered; Windows' own pass.

    .EXAMPLE
    New-NestedCluster -Name 'nest' -Node 'nest-1' -StaticAddress '10.77.1.10' -AdministrativeAccessPoint Dns
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidatePattern('\A[A-Za-z0-9-]{1,15}\z')]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string[]]$Node,

        [ValidatePattern('\A\z|\A[0-9]{1,3}(\.[0-9]{1,3}){3}\z')]
        [string]$StaticAddress = '',

        [Parameter(Mandatory = $true)]
        [ValidateSet('Dns', 'ActiveDirectoryAndDns', 'None')]
        [string]$AdministrativeAccessPoint
    )
    $changed = $false
    $record = ConvertTo-MkClusterRecord -Cluster (Get-MkCluster)
    if ($record.Exists) {
        $names = @($record.Nodes | ForEach-Object -Process { $_.Name })
        $absent = @($Node | Where-Object -FilterScript { $names -notcontains $_.Split('.')[0] })
        if ($record.Name -ne $Name -or $absent.Count -gt 0) {
            $message = "This machine is a node of the cluster '$($record.Name)'."
            Stop-MkFunction -Cmdlet $PSCmdlet -Id 'NodeAlreadyClustered' -Category ResourceExists -Message $message -TargetObject $record.Name
        }
    }
    elseif ($PSCmdlet.ShouldProcess($Name, "New cluster of $($Node -join ', ')")) {
        $arguments = @{ Name = $Name; Node = $Node; AdministrativeAccessPoint = $AdministrativeAccessPoint }
        if ($StaticAddress -ne '') {
            $arguments.StaticAddress = $StaticAddress
        }
        New-MkCluster -Arguments $arguments
        $changed = $true
        $record = ConvertTo-MkClusterRecord -Cluster (Get-MkCluster)
    }
    $record.Changed = $changed
    return [pscustomobject]$record
}
