function Get-MkResourceParameter {
    # A private property of a cluster resource, '' when it is not told.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Resource,

        [Parameter(Mandatory = $true)]
        [string]$Name
    )
    foreach ($parameter in @(Get-ClusterParameter -InputObject $Resource -ErrorAction Stop -WarningAction SilentlyContinue)) {
        if ($parameter.Name -eq $Name) {
            return [string]$parameter.Value
        }
    }
    return ''
}
