function ConvertTo-MkNote {
    # The note that marks a VM or a switch as a lab's.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Owner,

        [Parameter(Mandatory = $true)]
        [string]$Node
    )
    return ConvertTo-Json -InputObject @{ matryoshka = [ordered]@{ owner = $Owner; node = $Node } } -Compress
}
