function ConvertTo-MkNatRecord {
    # The NAT record of the functions' page; Nat may be $null.
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name,

        [AllowNull()]
        [object]$Nat
    )
    $prefix = $null
    if ($null -ne $Nat) {
        $prefix = [string]$Nat.InternalIPInterfaceAddressPrefix
    }
    return [ordered]@{ Exists = ($null -ne $Nat); Name = $Name; Prefix = $prefix }
}
