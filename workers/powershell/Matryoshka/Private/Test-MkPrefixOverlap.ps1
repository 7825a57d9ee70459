function Test-MkPrefixOverlap {
    # Whether two IPv4 prefixes ('a.b.c.d/len') share an address.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$First,

        [Parameter(Mandatory = $true)]
        [string]$Second
    )
    $one = ConvertFrom-MkPrefix -Prefix $First
    $two = ConvertFrom-MkPrefix -Prefix $Second
    return ($one.Lowest -le $two.Highest -and $two.Lowest -le $one.Highest)
}
