function New-NestedNat {
    <#
    .SYNOPSIS
    Makes a NAT network for a lab's switch.

    .DESCRIPTION
    A NAT of this name and prefix is taken as it is. Windows documents one NAT network a host; prefixes that overlap never work.

    .PARAMETER Name
    The NAT's name.

    .PARAMETER Prefix
    The inner IPv4 prefix, 'a.b.c.d/len'.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed, Exists, Name and Prefix. Error id: Matryoshka.NatConflict.

    .EXAMPLE
    New-NestedNat -Name 'mk-lab' -Prefix '10.77.1.0/24'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [ValidatePattern('\A[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}\z')]
        [string]$Prefix
    )
    $nat = $null
    foreach ($other in @(Get-MkNat)) {
        $same = $other.Name -eq $Name
        if ($same -and $other.InternalIPInterfaceAddressPrefix -eq $Prefix) {
            $nat = $other
        }
        elseif ($same -or (Test-MkPrefixOverlap -First $other.InternalIPInterfaceAddressPrefix -Second $Prefix)) {
            $message = "The NAT '$($other.Name)' with $($other.InternalIPInterfaceAddressPrefix) stands in the way of $Prefix."
            Stop-MkFunction -Cmdlet $PSCmdlet -Id 'NatConflict' -Category ResourceExists -Message $message -TargetObject $other.Name
        }
    }
    $changed = $false
    if ($null -eq $nat -and $PSCmdlet.ShouldProcess($Name, "New NAT for $Prefix")) {
        $nat = New-NetNat -Name $Name -InternalIPInterfaceAddressPrefix $Prefix -Confirm:$false -ErrorAction Stop
        $changed = $true
    }
    $record = ConvertTo-MkNatRecord -Name $Name -Nat $nat
    $record.Insert(0, 'Changed', $changed)
    return [pscustomobject]$record
}
