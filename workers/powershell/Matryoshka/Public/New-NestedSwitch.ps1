function New-NestedSwitch {
    <#
    .SYNOPSIS
    Makes an internal virtual switch of a lab, with the host's address on it.

    .DESCRIPTION
    A switch of this name and owner is taken as it is and completed. Works on a host and inside a node.

    .PARAMETER Name
    The switch's name.

    .PARAMETER Owner
    The lab's id, kept in the switch's notes.

    .PARAMETER HostAddress
    The machine's own IPv4 address on the switch; empty for none.

    .PARAMETER PrefixLength
    The length of that address's prefix.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: the record of Get-NestedSwitch and Changed. Error ids: Matryoshka.NameTaken (a switch of
    that name is not ours), Matryoshka.AddressInUse (another adapter of this machine has the address).

    .EXAMPLE
    New-NestedSwitch -Name 'mk-lab' -Owner 'lab_1' -HostAddress '10.77.1.1' -PrefixLength 24
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Owner,

        [ValidatePattern('\A\z|\A[0-9]{1,3}(\.[0-9]{1,3}){3}\z')]
        [string]$HostAddress = '',

        [ValidateRange(1, 32)]
        [int]$PrefixLength = 24
    )
    $changed = $false
    $vmSwitch = Get-MkSwitch -Name $Name -Owner $Owner
    if ($null -ne $vmSwitch -and (ConvertFrom-MkNote -Note $vmSwitch.Notes).Owner -ne $Owner) {
        $message = "A switch '$Name' of somebody else exists."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'NameTaken' -Category ResourceExists -Message $message -TargetObject $Name
    }
    if ($HostAddress -ne '') {
        $own = 0
        if ($null -ne $vmSwitch -and $null -ne ($interface = Get-MkSwitchInterface -VMSwitch $vmSwitch)) {
            $own = $interface.InterfaceIndex
        }
        if (@(Get-MkAddress | Where-Object -FilterScript { $_.IPAddress -eq $HostAddress -and $_.InterfaceIndex -ne $own }).Count -gt 0) {
            $message = "Another adapter of this machine has $HostAddress."
            Stop-MkFunction -Cmdlet $PSCmdlet -Id 'AddressInUse' -Category ResourceExists -Message $message -TargetObject $HostAddress
        }
    }
    if ($null -eq $vmSwitch -and $PSCmdlet.ShouldProcess($Name, 'New internal switch')) {
        $vmSwitch = New-VMSwitch -Name $Name -SwitchType 'Internal' -Notes (ConvertTo-MkNote -Owner $Owner -Node $Name) -Confirm:$false -ErrorAction Stop
        $changed = $true
    }
    if ($null -ne $vmSwitch -and $HostAddress -ne '' -and $PSCmdlet.ShouldProcess($Name, "Address $HostAddress/$PrefixLength")) {
        $changed = (Set-MkHostAddress -VMSwitch $vmSwitch -HostAddress $HostAddress -PrefixLength $PrefixLength) -or $changed
    }
    $record = ConvertTo-MkSwitchRecord -Name $Name -VMSwitch (Get-MkSwitch -Name $Name -Owner $Owner)
    $record.Changed = $changed
    return [pscustomobject]$record
}
