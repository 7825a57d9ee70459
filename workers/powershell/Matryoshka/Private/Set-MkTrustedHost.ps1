function Set-MkTrustedHost {
    # Adds names to WinRM's trusted hosts, which a workgroup cluster's nodes need of each other (docs/sources.md H15); whether
    # something had to be done. Only adds. Without WinRM it warns: the cluster may still be made.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [string[]]$Name
    )
    if ($Name.Count -eq 0) {
        return $false
    }
    try {
        $present = @(([string](Get-WSManInstance -ResourceURI 'winrm/config/client' -ErrorAction Stop).TrustedHosts).Split([char[]]', ', [System.StringSplitOptions]::RemoveEmptyEntries))
        $missing = @($Name | Where-Object -FilterScript { $present -notcontains $_ } | Sort-Object)
        if ($missing.Count -eq 0 -or $present -contains '*') {
            return $false
        }
        $null = Set-WSManInstance -ResourceURI 'winrm/config/client' -ValueSet @{ TrustedHosts = (($present + $missing) -join ',') } -ErrorAction Stop
        return $true
    }
    catch {
        Write-Warning -Message "WinRM's trusted hosts were not set: $($_.FullyQualifiedErrorId)"
        return $false
    }
}
