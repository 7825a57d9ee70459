function Get-NestedEvidence {
    <#
    .SYNOPSIS
    Collects recent critical events, errors and warnings that a failed lab wants to be explained by.

    .DESCRIPTION
    Event ids, levels and times of Hyper-V, failover clustering, servicing, WinRM and the System log: no message texts, which
    are localized and may hold names. At most 200 events, newest first.

    .PARAMETER SinceMinutes
    How far back to look.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with ComputerName, Events (TimeCreated, Provider, Id, Level) and Truncated.

    .EXAMPLE
    (Get-NestedEvidence -SinceMinutes 15).Events
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [ValidateRange(1, 10080)]
        [int]$SinceMinutes = 60
    )
    $limit = 200
    $events = @(Get-MkEvent -StartTime ([datetime]::Now.AddMinutes(-$SinceMinutes)) -Maximum ($limit + 1) | Sort-Object -Property 'TimeCreated' -Descending)
    $kept = $events
    if ($events.Count -gt $limit) {
        $kept = $events[0..($limit - 1)]
    }
    $shown = @($kept | ForEach-Object -Process {
            [pscustomobject][ordered]@{
                TimeCreated = ConvertTo-MkTime -Value $_.TimeCreated
                Provider    = [string]$_.ProviderName
                Id          = [int]$_.Id
                Level       = @('LogAlways', 'Critical', 'Error', 'Warning', 'Information', 'Verbose')[[int]$_.Level]
            }
        })
    return [pscustomobject][ordered]@{
        ComputerName = [System.Environment]::MachineName
        Events       = $shown
        Truncated    = ($events.Count -gt $limit)
    }
}
