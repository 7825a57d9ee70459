# Runs batches of scenarios in this one engine process: each in a runspace of its own that is a machine of its own pretended Windows, with
# the module brought in as a worker brings it in. A line of standard input is the path of a batch, a JSON file of engine.py; all are of one
# release. One line of JSON a scenario on standard output.
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

function ConvertTo-Argument {
    # A value of the batch as the type that a worker sends: {mark: value} for what JSON has no form for.
    param([object]$Value, [string]$World)

    if ($Value -is [System.Collections.IDictionary]) {
        if ($Value.ContainsKey('$secret')) {
            return ConvertTo-Secret -Text $Value['$secret']
        }
        if ($Value.ContainsKey('$login')) {
            return [System.Management.Automation.PSCredential]::new($Value['$login'][0], (ConvertTo-Secret -Text $Value['$login'][1]))
        }
        if ($Value.ContainsKey('$vm')) {
            return Find-Vm -World $World -Machine $Value['$vm'][0] -Name $Value['$vm'][1] -Owner $Value['$vm'][2] -Otherwise $Value['$vm'][3]
        }
        if ($Value.ContainsKey('$switch')) {
            return [System.Management.Automation.SwitchParameter]$true
        }
        $made = @{}
        foreach ($key in $Value.Keys) {
            $made[$key] = ConvertTo-Argument -Value $Value[$key] -World $World
        }
        return $made
    }
    if ($Value -is [System.Collections.IList]) {
        $made = foreach ($item in $Value) {
            , (ConvertTo-Argument -Value $item -World $World)
        }
        return , [object[]]@($made)
    }
    if ($Value -is [long] -and $Value -ge [int]::MinValue -and $Value -le [int]::MaxValue) {
        return [int]$Value
    }
    return $Value
}

function ConvertTo-Secret {
    param([string]$Text)

    $secret = [securestring]::new()
    foreach ($letter in $Text.ToCharArray()) {
        $secret.AppendChar($letter)
    }
    return $secret
}

function Find-Vm {
    # The id of the VM of this name (and owner) on a machine as the world is now.
    param([string]$World, [string]$Machine, [string]$Name, [object]$Owner, [string]$Otherwise)

    $now = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($World)) -AsHashtable -DateKind String
    foreach ($vm in $now.machines[$Machine].vms.Values) {
        if ($vm.name -eq $Name -and ($null -eq $Owner -or (Get-Owner -Notes $vm.notes) -eq $Owner)) {
            return [guid]$vm.id
        }
    }
    return [guid]$Otherwise
}

function Get-Owner {
    # The lab in a VM's notes; '' when there is none.
    param([string]$Notes)

    if ($Notes -notlike '{*matryoshka*') {
        return ''
    }
    return [string](ConvertFrom-Json -InputObject $Notes).matryoshka.owner
}

function Enter-Machine {
    # This process becomes a machine of a world.
    param([hashtable]$Scenario, [string]$Machine)

    $home_ = [System.IO.Path]::Combine($Scenario.folder, 'machines', $Machine)
    $env:MATRYOSHKA_FAKE_WORLD = [System.IO.Path]::Combine($Scenario.folder, 'world.json')
    $env:MATRYOSHKA_FAKE_MACHINE = $Machine
    $env:ProgramData = [System.IO.Path]::Combine($home_, 'ProgramData')
    $env:MATRYOSHKA_JOURNAL = [System.IO.Path]::Combine($home_, 'ProgramData', 'Matryoshka', 'journal')
    [System.Environment]::CurrentDirectory = [System.IO.Path]::Combine($home_, 'Windows')
}

function New-Session {
    # A runspace that is the machine, with the module in it.
    param([hashtable]$Given)

    $runspace = [runspacefactory]::CreateRunspace()
    $runspace.Open()
    $runspace.SessionStateProxy.Path.SetLocation([System.Environment]::CurrentDirectory) | Out-Null
    $shell = [powershell]::Create()
    $shell.Runspace = $runspace
    # By its path: the search for the module of the first cmdlet costs more than the module.
    $null = $shell.AddCommand('Import-Module').AddParameter('Name', $script:Utility).AddParameter('Global').Invoke()
    $shell.Commands.Clear()
    $null = $shell.AddScript(". '$($Given.start)'", $false).Invoke()
    $shell.Commands.Clear()
    $null = $shell.AddCommand($Given.bootstrap).AddParameter('Source', $script:Source).AddParameter('Sha256', $Given.sha256).Invoke()
    if ($shell.Streams.Error.Count -gt 0) {
        throw "The machine did not come up: $($shell.Streams.Error -join '; ')"
    }
    return $shell
}

function Invoke-Shell {
    # Runs what a shell was given to its end, or throws after a minute: what hangs must not take the other scenarios with it.
    param([powershell]$Shell)

    $running = $Shell.BeginInvoke()
    if (-not $running.AsyncWaitHandle.WaitOne(60000)) {
        $null = $Shell.BeginStop($null, $null).AsyncWaitHandle.WaitOne(5000)
        throw 'it did not end within a minute'
    }
    return $Shell.EndInvoke($running)
}

function Invoke-Step {
    # One call as a worker makes it: by name, with typed parameters.
    param([hashtable]$Given, [hashtable]$Scenario, [hashtable]$Step)

    Enter-Machine -Scenario $Scenario -Machine $Step.machine
    $shell = New-Session -Given $Given
    $shell.Commands.Clear()
    $shell.Streams.ClearStreams()
    $null = $shell.AddCommand($Step.function)
    foreach ($name in $Step.arguments.Keys) {
        $null = $shell.AddParameter($name, (ConvertTo-Argument -Value $Step.arguments[$name] -World $env:MATRYOSHKA_FAKE_WORLD))
    }
    $answer = @{ output = @(); errors = @(); failed = $false }
    try {
        $output = @(Invoke-Shell -Shell $shell)
        $answer.output = @(foreach ($item in $output) { , (ConvertTo-Plain -Value $item) })
    }
    catch [System.Management.Automation.MethodInvocationException] {
        $answer.failed = $true
        $last = $_.Exception.InnerException
        # As remoting does it: the exception itself, where the record has only a stand-in for it.
        $answer.errors = @(ConvertTo-Failure -Record ([System.Management.Automation.ErrorRecord]::new($last.ErrorRecord, $last)))
    }
    $streams = $shell.Streams
    $answer.errors += @(foreach ($record in $streams.Error) { ConvertTo-Failure -Record $record })
    $answer.warnings = @(foreach ($record in $streams.Warning) { $record.Message })
    $answer.streams = @{ verbose = $streams.Verbose.Count; progress = $streams.Progress.Count; information = $streams.Information.Count }
    $shell.Runspace.Dispose()
    $shell.Dispose()
    return $answer
}

function ConvertTo-Plain {
    # An output as JSON can hold it. What has no such form (a moment, an enum, Windows' own object) becomes its type's name: the functions
    # promise plain values.
    param([object]$Value)

    if ($null -eq $Value -or $Value -is [string] -or $Value -is [bool]) {
        return $Value
    }
    if ($Value -is [System.Collections.IDictionary]) {
        $made = [ordered]@{}
        foreach ($key in $Value.Keys) {
            $made[[string]$key] = ConvertTo-Plain -Value $Value[$key]
        }
        return $made
    }
    if ($Value -is [System.Collections.IList]) {
        return , @(foreach ($item in $Value) { , (ConvertTo-Plain -Value $item) })
    }
    if ($Value -is [System.Management.Automation.PSCustomObject]) {
        $made = [ordered]@{}
        foreach ($property in $Value.PSObject.Properties) {
            $made[$property.Name] = ConvertTo-Plain -Value $property.Value
        }
        return $made
    }
    if ($Value -is [ValueType] -and $Value.GetType().IsPrimitive -and $Value -isnot [char]) {
        return $Value
    }
    return "<a $($Value.GetType().FullName)>"
}

function ConvertTo-Failure {
    param([System.Management.Automation.ErrorRecord]$Record)

    return @{
        id       = $Record.FullyQualifiedErrorId
        category = $Record.CategoryInfo.Category.ToString()
        hresult  = $Record.Exception.HResult
        type     = $Record.Exception.GetType().FullName
        message  = $Record.Exception.Message
        target   = [string]$Record.TargetObject
    }
}

function Copy-World {
    # The world as the first steps left it, for the comparison of before and after.
    param([string]$From, [string]$To)

    foreach ($path in [System.IO.Directory]::GetDirectories($From, '*', 'AllDirectories')) {
        $null = [System.IO.Directory]::CreateDirectory($To + $path.Substring($From.Length))
    }
    $null = [System.IO.Directory]::CreateDirectory($To)
    foreach ($path in [System.IO.Directory]::GetFiles($From, '*', 'AllDirectories')) {
        [System.IO.File]::Copy($path, $To + $path.Substring($From.Length))
    }
}

function Invoke-Scenario {
    # All steps; a first step that fails is trouble, for then the world is not what the scenario says.
    param([hashtable]$Given, [hashtable]$Scenario)

    foreach ($step in $Scenario.first) {
        $answer = Invoke-Step -Given $Given -Scenario $Scenario -Step $step
        if (@($answer.errors).Count -gt 0) {
            throw "the first step $($step.function) failed: $(@($answer.errors)[0].id): $(@($answer.errors)[0].message)"
        }
    }
    if (@($Scenario.first).Count -gt 0) {
        Copy-World -From $Scenario.folder -To $Scenario.before
    }
    return Invoke-Step -Given $Given -Scenario $Scenario -Step $Scenario.step
}

$script:Utility = @(Get-Module -ListAvailable -Name 'Microsoft.PowerShell.Utility')[0].Path
while ($null -ne ($batch = [System.Console]::In.ReadLine())) {
    $given = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($batch)) -AsHashtable -DateKind String
    $script:Source = [System.IO.File]::ReadAllText($given.source)
    $env:MATRYOSHKA_FAKE_MODULES = $given.modules
    foreach ($scenario in $given.scenarios) {
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        try {
            $answer = Invoke-Scenario -Given $given -Scenario $scenario
            $answer.trouble = ''
        }
        catch {
            $answer = @{ trouble = "$($_.Exception.Message) $($_.ScriptStackTrace)" }
        }
        $answer.milliseconds = $watch.Elapsed.TotalMilliseconds
        [System.Console]::Out.WriteLine((ConvertTo-Json -InputObject $answer -Depth 12 -Compress -WarningAction SilentlyContinue))
    }
}
