function Test-MkParameter {
    # Whether a command of this machine's Windows knows a parameter: modules grew (AutomaticCheckpointsEnabled came after 2016).
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Command,

        [Parameter(Mandatory = $true)]
        [string]$Parameter
    )
    $found = Microsoft.PowerShell.Core\Get-Command -Name $Command -ErrorAction Ignore
    return ($null -ne $found -and $found.Parameters.ContainsKey($Parameter))
}
