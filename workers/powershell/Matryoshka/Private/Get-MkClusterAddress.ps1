function Get-MkClusterAddress {
    # The cluster's own IPv4 address, $null without one (an access point of None). Resource names are localized, their types are not.
    [CmdletBinding()]
    [OutputType([string])]
    param()

    foreach ($resource in @(Get-ClusterResource -ErrorAction Stop -WarningAction SilentlyContinue)) {
        if ($resource.IsCoreResource -and [string]$resource.ResourceType -eq 'IP Address') {
            $parameter = Get-ClusterParameter -InputObject $resource -Name 'Address' -ErrorAction Stop -WarningAction SilentlyContinue
            return [string]$parameter.Value
        }
    }
    return $null
}
