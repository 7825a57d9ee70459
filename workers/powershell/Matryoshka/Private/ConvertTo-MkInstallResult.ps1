function ConvertTo-MkInstallResult {
    # What Install-WindowsFeature answered; its enums by name. 'Maybe' counts as a restart.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Result
    )
    $code = $Result.ExitCode.ToString()
    return @{
        Changed       = ([bool]$Result.Success -and $code -ne 'NoChangeNeeded')
        RestartNeeded = ('Yes', 'Maybe' -contains $Result.RestartNeeded.ToString())
        ExitCode      = $code
        UsedDism      = $false
    }
}
