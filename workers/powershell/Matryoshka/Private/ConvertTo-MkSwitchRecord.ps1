function ConvertTo-MkSwitchRecord {
    # The switch record of the functions' page; Switch may be $null.
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name,

        [AllowNull()]
        [object]$VMSwitch
    )
    $record = [ordered]@{ Exists = $false; Name = $Name; SwitchId = $null; SwitchType = $null; Owner = $null; HostAddress = $null; PrefixLength = $null }
    if ($null -eq $VMSwitch) {
        return $record
    }
    $record.Exists = $true
    $record.SwitchId = $VMSwitch.Id.ToString()
    $record.SwitchType = $VMSwitch.SwitchType.ToString()
    $record.Owner = (ConvertFrom-MkNote -Note $VMSwitch.Notes).Owner
    $interface = Get-MkSwitchInterface -VMSwitch $VMSwitch
    if ($null -ne $interface) {
        foreach ($address in @(Get-MkAddress -InterfaceIndex $interface.InterfaceIndex)) {
            $record.HostAddress = [string]$address.IPAddress
            $record.PrefixLength = [int]$address.PrefixLength
            break
        }
    }
    return $record
}
