function ConvertTo-MkAdapterRecord {
    # A VM's network adapter as in the node record.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Adapter
    )
    $connectedTo = $null
    if (-not [string]::IsNullOrEmpty($Adapter.SwitchName)) {
        $connectedTo = [string]$Adapter.SwitchName
    }
    return [pscustomobject][ordered]@{
        Name               = [string]$Adapter.Name
        SwitchName         = $connectedTo
        Connected          = [bool]$Adapter.Connected
        MacAddress         = [string]$Adapter.MacAddress
        MacAddressSpoofing = $Adapter.MacAddressSpoofing.ToString()
        IPAddresses        = [string[]]@($Adapter.IPAddresses | Where-Object -FilterScript { $_ })
    }
}
