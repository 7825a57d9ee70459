function ConvertTo-MkSwitchSummary {
    # A virtual switch in a host report.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$VMSwitch
    )
    return [pscustomobject][ordered]@{
        Name       = [string]$VMSwitch.Name
        Id         = $VMSwitch.Id.ToString()
        SwitchType = $VMSwitch.SwitchType.ToString()
        Owner      = (ConvertFrom-MkNote -Note $VMSwitch.Notes).Owner
    }
}
