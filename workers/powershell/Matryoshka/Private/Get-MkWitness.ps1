function Get-MkWitness {
    # The present witness: kind (none, file_share, cloud, disk) and what identifies it.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param()

    $resource = (Get-ClusterQuorum -ErrorAction Stop -WarningAction SilentlyContinue).QuorumResource
    if ($null -eq $resource) {
        return @{ Kind = 'none'; Value = '' }
    }
    $type = [string]$resource.ResourceType
    if ($type -eq 'File Share Witness') {
        return @{ Kind = 'file_share'; Value = Get-MkResourceParameter -Resource $resource -Name 'SharePath' }
    }
    if ($type -eq 'Cloud Witness') {
        return @{ Kind = 'cloud'; Value = Get-MkResourceParameter -Resource $resource -Name 'AccountName' }
    }
    return @{ Kind = 'disk'; Value = [string]$resource.Name }
}
