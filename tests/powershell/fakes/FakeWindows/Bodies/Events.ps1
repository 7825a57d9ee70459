# Get-WinEvent.
#
#   behaviour                                                                     | mark       | source
#   keys of -FilterHashtable: LogName, ProviderName, Id, Level, StartTime, EndTime| documented | PSDocs Get-WinEvent
#   newest first; -MaxEvents the newest                                           | documented | PSDocs Get-WinEvent
#   nothing fits: NoMatchingEventsFound, ObjectNotFound, not terminating          | observed   | public logs
#   a log that is not there: NoMatchingLogsFound, ObjectNotFound; then            | observed   | public logs; U that both come
#     NoMatchingEventsFound? no: LogsFound only
#   a provider that is not there: NoMatchingProvidersFound, ObjectNotFound        | observed   | public logs
#   whoever is no administrator and no reader of event logs: System.              | uncertain  | for System readers are many
#     UnauthorizedAccessException
#   levels: 1 critical, 2 error, 3 warning, 4 information                         | documented | EventRecord.Level
#   a log or provider is there when the world has an event of it, or System,      | -          | and the hypervisor's with the role
#     Application, Security

$script:FakeLevels = @{ LogAlways = 0; Critical = 1; Error = 2; Warning = 3; Information = 4; Verbose = 5 }
$script:FakeLevelNames = @{ LogAlways = 'Informationen'; Critical = 'Kritisch'; Error = 'Fehler'; Warning = 'Warnung'; Information = 'Informationen'; Verbose = 'Ausführlich' }

function ConvertTo-FakeEvent {
    # An entry as EventLogRecord shows it.
    param([hashtable]$Call, [System.Collections.IDictionary]$Row)

    return New-FakeRow -TypeName 'System.Diagnostics.Eventing.Reader.EventLogRecord' -Property ([ordered]@{
            Id = [int]$Row.id; Level = [byte]$script:FakeLevels[$Row.level]; LevelDisplayName = $(if ($Call.World.language -eq 'de-DE') { $script:FakeLevelNames[$Row.level] } else { $Row.level })
            LogName = $Row.log; ProviderName = $Row.provider; TimeCreated = (ConvertFrom-FakeTime -Text $Row.time).ToLocalTime(); Message = $Row.message
            MachineName = $Call.Machine.computer_name; RecordId = [long]0; Task = 0; Opcode = [int16]0; Keywords = [long]0; ProcessId = 4; ThreadId = 0; Version = [byte]0
        })
}

function Get-FakeLogRefusal {
    # Why a filter cannot be asked; $null when it can.
    param([hashtable]$Call, [hashtable]$Filter)

    $missing = @{ Call = $Call; Category = 'ObjectNotFound'; Exception = 'System.Exception' }
    $logs = @('System', 'Application', 'Security') + @($Call.Machine.events | ForEach-Object -Process { $_.log })
    if ($Filter.ContainsKey('LogName') -and $logs -notcontains [string]$Filter.LogName) {
        return New-FakeError @missing -Id 'NoMatchingLogsFound' -Text 'EventNoLog' -Argument $Filter.LogName -Target $Filter.LogName
    }
    $providers = @($Call.Machine.events | ForEach-Object -Process { $_.provider })
    if ($Call.Machine.features['Hyper-V'] -eq 'Installed') {
        $providers += 'Microsoft-Windows-Hyper-V-Hypervisor'
    }
    if ($Filter.ContainsKey('ProviderName') -and $providers -notcontains [string]$Filter.ProviderName) {
        return New-FakeError @missing -Id 'NoMatchingProvidersFound' -Text 'EventNoProvider' -Argument $Filter.ProviderName -Target $Filter.ProviderName
    }
    return $null
}

Add-FakeBody -Name 'Get-WinEvent' -Body {
    param($Call)

    if (-not $Call.Bound.ContainsKey('FilterHashtable')) {
        throw 'The pretended Get-WinEvent knows -FilterHashtable only.'
    }
    $filter = @($Call.Bound.FilterHashtable)[0]
    foreach ($key in $filter.Keys) {
        if ('LogName', 'ProviderName', 'Id', 'Level', 'StartTime', 'EndTime' -notcontains $key) {
            throw "The pretended Get-WinEvent does not know the key $key."
        }
    }
    $refusal = Get-FakeLogRefusal -Call $Call -Filter $filter
    if ($null -ne $refusal) {
        return $refusal
    }
    $rows = @($Call.Machine.events | Where-Object -FilterScript {
            (-not $filter.ContainsKey('LogName') -or $_.log -eq $filter.LogName) -and
            (-not $filter.ContainsKey('ProviderName') -or $_.provider -eq $filter.ProviderName) -and
            (-not $filter.ContainsKey('Id') -or $filter.Id -contains $_.id) -and
            (-not $filter.ContainsKey('Level') -or $filter.Level -contains $script:FakeLevels[$_.level]) -and
            (-not $filter.ContainsKey('StartTime') -or (ConvertFrom-FakeTime -Text $_.time) -ge $filter.StartTime.ToUniversalTime()) -and
            (-not $filter.ContainsKey('EndTime') -or (ConvertFrom-FakeTime -Text $_.time) -le $filter.EndTime.ToUniversalTime())
        } | Sort-Object -Property { ConvertFrom-FakeTime -Text $_.time } -Descending)
    if ($Call.Bound.ContainsKey('MaxEvents')) {
        $rows = @($rows | Select-Object -First $Call.Bound.MaxEvents)
    }
    if ($rows.Count -eq 0) {
        return New-FakeError -Call $Call -Id 'NoMatchingEventsFound' -Category ObjectNotFound -Text 'EventNone' -Exception 'System.Exception'
    }
    foreach ($row in $rows) {
        ConvertTo-FakeEvent -Call $Call -Row $row
    }
}
