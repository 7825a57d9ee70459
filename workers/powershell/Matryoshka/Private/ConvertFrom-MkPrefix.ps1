function ConvertFrom-MkPrefix {
    # The lowest and the highest address of an IPv4 prefix, as numbers.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Prefix
    )
    $parts = $Prefix.Split('/')
    $number = [long]0
    foreach ($byte in [System.Net.IPAddress]::Parse($parts[0]).GetAddressBytes()) {
        $number = $number * 256 + $byte
    }
    $size = [long][System.Math]::Pow(2, 32 - [int]$parts[1])
    $lowest = $number - ($number % $size)
    return @{ Lowest = $lowest; Highest = $lowest + $size - 1 }
}
