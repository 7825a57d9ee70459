function Get-NestedCluster {
    <#
    .SYNOPSIS
    Describes the failover cluster that this machine is a node of.

    .DESCRIPTION
    Reads only; runs inside a node. Exists is $false when the machine is of no cluster, or its cluster service does not run.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Exists, Name, Address, AdministrativeAccessPoint, Nodes (Name, State), QuorumType, WitnessResource,
    StorageSpacesDirect and ClusSvcStatus ($null without the feature).

    .EXAMPLE
    (Get-NestedCluster).Nodes
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param()

    return [pscustomobject](ConvertTo-MkClusterRecord -Cluster (Get-MkCluster))
}
