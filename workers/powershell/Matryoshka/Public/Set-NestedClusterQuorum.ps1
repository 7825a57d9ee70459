function Set-NestedClusterQuorum {
    <#
    .SYNOPSIS
    Sets the witness of this machine's cluster.

    .DESCRIPTION
    Runs inside a node. A witness of this kind and place is left alone; so is a cloud witness of this account, whose key cannot be read.

    .PARAMETER Witness
    none, file_share, cloud or disk.

    .PARAMETER FileSharePath
    The share of a file share witness.

    .PARAMETER AccountName
    The storage account of a cloud witness.

    .PARAMETER AccessKey
    The storage account's key.

    .PARAMETER Endpoint
    The service endpoint of a cloud witness; empty for Azure's default.

    .PARAMETER DiskName
    The cluster disk of a disk witness.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: the record of Get-NestedCluster and Changed. Error id: Matryoshka.NotClustered; Windows' own pass.

    .EXAMPLE
    Set-NestedClusterQuorum -Witness file_share -FileSharePath '\\files\witness'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateSet('none', 'file_share', 'cloud', 'disk')]
        [string]$Witness,

        [string]$FileSharePath = '',

        [string]$AccountName = '',

        [securestring]$AccessKey = (New-Object -TypeName 'System.Security.SecureString'),

        [string]$Endpoint = '',

        [string]$DiskName = ''
    )
    $cluster = Assert-MkClustered -Cmdlet $PSCmdlet
    $values = @{ none = ''; file_share = $FileSharePath; cloud = $AccountName; disk = $DiskName }
    $present = Get-MkWitness
    $changed = $false
    $differs = $present.Kind -ne $Witness -or $present.Value -ne $values[$Witness]
    if ($differs -and $PSCmdlet.ShouldProcess($cluster.Name, "Witness $Witness")) {
        $arguments = Get-MkQuorumArgument -Witness @{ Kind = $Witness; FileSharePath = $FileSharePath; AccountName = $AccountName; AccessKey = $AccessKey; Endpoint = $Endpoint; DiskName = $DiskName }
        $null = Set-ClusterQuorum @arguments -ErrorAction Stop
        $changed = $true
    }
    $record = ConvertTo-MkClusterRecord -Cluster (Get-MkCluster)
    $record.Changed = $changed
    return [pscustomobject]$record
}
