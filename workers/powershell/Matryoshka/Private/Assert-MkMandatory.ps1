function Assert-MkMandatory {
    # Refuses a call that lacks a mandatory parameter before PowerShell asks a user for it. The id is PowerShell's own.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.CommandInfo]$Command,

        [Parameter(Mandatory = $true)]
        [hashtable]$Parameters
    )
    $fewest = $null
    foreach ($set in $Command.ParameterSets) {
        $missing = @($set.Parameters | Where-Object -FilterScript { $_.IsMandatory -and -not $Parameters.ContainsKey($_.Name) } | ForEach-Object -Process { $_.Name })
        if ($null -eq $fewest -or $missing.Count -lt $fewest.Count) {
            $fewest = $missing
        }
    }
    if ($null -eq $fewest -or $fewest.Count -eq 0) {
        return
    }
    $exception = New-Object -TypeName 'System.ArgumentException' -ArgumentList "$($Command.Name) needs the parameter $($fewest -join ', ')."
    throw (New-Object -TypeName 'System.Management.Automation.ErrorRecord' -ArgumentList $exception, "MissingMandatoryParameter,$($Command.Name)", 'InvalidArgument', $null)
}
