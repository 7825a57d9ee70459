function Get-MkFeature {
    # The state of Windows Server features, in the order asked.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string[]]$Feature
    )
    $states = @{}
    foreach ($found in @(Get-WindowsFeature -Name $Feature -ErrorAction Stop)) {
        $states[[string]$found.Name] = $found.InstallState.ToString()
    }
    foreach ($name in $Feature) {
        [pscustomobject][ordered]@{ Name = $name; InstallState = $states[$name] }
    }
}
