function Assert-MkConverged {
    # Ends the calling function when a setting that was written reads otherwise.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [object[]]$Row,

        [Parameter(Mandatory = $true)]
        [System.Collections.IDictionary]$Wanted,

        [Parameter(Mandatory = $true)]
        [string]$Name
    )
    $wrong = @($Row | Where-Object -FilterScript { $Wanted.Contains($_.Setting) -and $_.After -ne $Wanted[$_.Setting] } | ForEach-Object -Process { $_.Setting })
    if ($wrong.Count -gt 0) {
        $message = "'$Name' did not keep: $($wrong -join ', ')."
        Stop-MkFunction -Cmdlet $Cmdlet -Id 'NotConverged' -Category InvalidResult -Message $message -TargetObject $Name
    }
}
