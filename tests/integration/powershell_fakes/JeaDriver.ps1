# Opens sessions of the engine's own server mode with session files made of the installed ones, and drives them over PSRP. The test
# appends its cases and writes $answer.
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

function Open-Session {
    # A session of an engine of its own, started with this session file.
    param([string]$Configuration)

    $script:instance = [System.Management.Automation.Runspaces.PowerShellProcessInstance]::new()
    $start = $script:instance.Process.StartInfo
    $start.ArgumentList.Clear()
    foreach ($argument in '-NoProfile', '-s', '-ConfigurationFile', $Configuration) {
        $start.ArgumentList.Add($argument)
    }
    $script:runspace = [runspacefactory]::CreateOutOfProcessRunspace($null, $script:instance)
    $script:runspace.Open()
}

function Close-Session {
    # Closes the session and ends its engine.
    $script:runspace.Dispose()
    if (-not $script:instance.Process.HasExited) {
        $script:instance.Process.Kill()
    }
    $script:instance.Dispose()
}

function Invoke-Case {
    # What a pipeline of the session answers: its output, or the id and category of the error that ended it; and its other errors.
    param([scriptblock]$Build)

    $ps = [powershell]::Create()
    $ps.Runspace = $script:runspace
    $null = & $Build $ps
    $case = @{ state = ''; id = ''; category = ''; output = @(); errors = @() }
    try {
        $case.output = @($ps.Invoke())
    }
    catch {
        $exception = $_.Exception
        while ($null -ne $exception.InnerException) {
            $exception = $exception.InnerException
        }
        $case.id = [string]$exception.ErrorRecord.FullyQualifiedErrorId
        $case.category = [string]$exception.ErrorRecord.CategoryInfo.Category
    }
    $case.state = [string]$ps.InvocationStateInfo.State
    $case.errors = @($ps.Streams.Error | ForEach-Object -Process { $_.FullyQualifiedErrorId })
    $ps.Dispose()
    return $case
}

function ConvertTo-Literal {
    # A list of names as PowerShell writes it.
    param([string[]]$Value)

    return '@({0})' -f (($Value | ForEach-Object -Process { "'{0}'" -f $_.Replace("'", "''") }) -join ', ')
}

function Write-FlatFile {
    # The role without its mapping to a group, because server mode takes no RoleDefinitions.
    param([string]$Path, [string]$Session, [string]$Role)

    $from = Import-PowerShellDataFile -Path $Session
    $may = Import-PowerShellDataFile -Path $Role
    $known = @('GUID', 'Author', 'Description', 'ModulesToImport', 'VisibleFunctions')
    $unknown = @($may.Keys | Where-Object -FilterScript { $known -notcontains $_ })
    if ($unknown.Count -gt 0) {
        throw "the role has keys that this driver would lose: $unknown"
    }
    $lines = @(
        '@{'
        "SchemaVersion = '$($from.SchemaVersion)'"
        "GUID = '$($from.GUID)'"
        "SessionType = '$($from.SessionType)'"
        "LanguageMode = '$($from.LanguageMode)'"
        "ModulesToImport = $(ConvertTo-Literal -Value $may.ModulesToImport)"
        "VisibleFunctions = $(ConvertTo-Literal -Value $may.VisibleFunctions)"
        '}'
    )
    [System.IO.File]::WriteAllLines($Path, $lines)
}

function Write-PlainFile {
    # A session with the whole language: in server mode the engine can make what a session file says, elsewhere it cannot.
    param([string]$Path)

    [System.IO.File]::WriteAllText($Path, "@{ SchemaVersion = '2.0.0.0'; GUID = '$([guid]::NewGuid())'; SessionType = 'Default' }")
}

function Write-PortableFile {
    # The installed session file; off Windows without the key that only Windows knows.
    param([string]$Path, [string]$Session)

    $text = [System.IO.File]::ReadAllText($Session)
    if ([System.Environment]::OSVersion.Platform -ne 'Win32NT') {
        $text = $text -replace '(?m)^\s*ExecutionPolicy\s.*$', ''
    }
    [System.IO.File]::WriteAllText($Path, $text)
}

# Runs inside the plain session: what the session file gives to one whose roles are these.
$visible = {
    param($Path, $Roles)
    $asked = New-Object -TypeName 'System.Collections.Generic.List[string]'
    $verify = [Func[string, bool]] { param($role) $asked.Add($role); $Roles -contains $role }
    $state = [initialsessionstate]::CreateFromSessionConfigurationFile($Path, $verify, $false)
    $runspace = [runspacefactory]::CreateRunspace($state)
    $runspace.Open()
    $ps = [powershell]::Create()
    $ps.Runspace = $runspace
    $commands = @($ps.AddCommand('Get-Command').AddParameter('Name', '*').Invoke())
    $runspace.Dispose()
    @{
        language  = [string]$state.LanguageMode
        asked     = $asked.ToArray()
        functions = @($commands | Where-Object -FilterScript { $_.CommandType -eq 'Function' } | ForEach-Object -Process { $_.Name } | Sort-Object)
        others    = @($commands | Where-Object -FilterScript { $_.CommandType -ne 'Function' } | ForEach-Object -Process { "$($_.CommandType) $($_.Name)" } | Sort-Object)
    } | ConvertTo-Json -Compress
}

# Runs inside the plain session: the types of all parameters of the module's functions.
$types = {
    Import-Module -Name 'Matryoshka'
    @(Get-Command -Module 'Matryoshka' | ForEach-Object -Process { $_.Parameters.Values } | ForEach-Object -Process { $_.ParameterType.FullName } | Sort-Object -Unique)
}
