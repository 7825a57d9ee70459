function Get-MkGuestTarget {
    # The parameters of Invoke-Command that reach a guest: PowerShell Direct by VM id, or WinRM by name.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [AllowNull()]
        [object]$VMId,

        [string]$ComputerName = '',

        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCredential]$Credential
    )
    if ([string]::IsNullOrEmpty($ComputerName)) {
        return @{ VMId = $VMId; Credential = $Credential }
    }
    return @{ ComputerName = $ComputerName; Credential = $Credential }
}
