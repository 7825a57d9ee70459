function Test-MkEvery {
    # Whether a Boolean property is true on every object, and there is one: a processor is told once a socket.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$InputObject,

        [Parameter(Mandatory = $true)]
        [string]$Property
    )
    foreach ($item in $InputObject) {
        if (-not $item.$Property) {
            return $false
        }
    }
    return ($InputObject.Count -gt 0)
}
