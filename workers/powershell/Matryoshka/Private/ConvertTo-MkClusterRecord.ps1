function ConvertTo-MkClusterRecord {
    # The cluster record of the functions' page; Cluster may be $null.
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param(
        [AllowNull()]
        [object]$Cluster
    )
    $record = [ordered]@{
        Exists                    = $false
        Name                      = $null
        Address                   = $null
        AdministrativeAccessPoint = $null
        Nodes                     = @()
        QuorumType                = $null
        WitnessResource           = $null
        StorageSpacesDirect       = $false
        ClusSvcStatus             = Get-MkService -Name 'ClusSvc'
    }
    if ($null -eq $Cluster) {
        return $record
    }
    $quorum = Get-ClusterQuorum -ErrorAction Stop -WarningAction SilentlyContinue
    $record.Exists = $true
    $record.Name = [string]$Cluster.Name
    $record.Address = Get-MkClusterAddress
    $record.AdministrativeAccessPoint = $Cluster.AdministrativeAccessPoint.ToString()
    $record.Nodes = @(Get-ClusterNode -ErrorAction Stop -WarningAction SilentlyContinue | ForEach-Object -Process {
            [pscustomobject][ordered]@{ Name = [string]$_.Name; State = $_.State.ToString() }
        })
    $record.QuorumType = $quorum.QuorumType.ToString()
    if ($null -ne $quorum.QuorumResource) {
        $record.WitnessResource = [string]$quorum.QuorumResource.Name
    }
    $record.StorageSpacesDirect = ($Cluster.S2DEnabled -eq 1)
    return $record
}
