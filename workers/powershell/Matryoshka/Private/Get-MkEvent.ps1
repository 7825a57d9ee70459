function Get-MkEvent {
    # Critical events, errors and warnings of the logs that explain a lab, at most Maximum a log. A log that is not there (a role
    # not installed) has none.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [datetime]$StartTime,

        [long]$Maximum = 200
    )
    $logs = @(
        'System'
        'Microsoft-Windows-Hyper-V-VMMS-Admin'
        'Microsoft-Windows-Hyper-V-Worker-Admin'
        'Microsoft-Windows-Hyper-V-Hypervisor-Admin'
        'Microsoft-Windows-FailoverClustering/Operational'
        'Microsoft-Windows-ServerManager-MultiMachine/Operational'
        'Microsoft-Windows-WinRM/Operational'
    )
    foreach ($log in $logs) {
        try {
            Get-WinEvent -FilterHashtable @{ LogName = $log; Level = 1, 2, 3; StartTime = $StartTime } -MaxEvents $Maximum -ErrorAction Stop
        }
        catch {
            Write-Verbose -Message "Nothing from the log '$log': $($_.FullyQualifiedErrorId)"
        }
    }
}
