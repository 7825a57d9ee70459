# The world's file: read, and changed by one process at a time.

function Read-FakeWorld {
    # The world as it is now.
    $lock = Lock-FakeWorld
    try {
        return ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($env:MATRYOSHKA_FAKE_WORLD)) -AsHashtable -DateKind String
    }
    finally {
        $lock.Dispose()
    }
}

function Lock-FakeWorld {
    # Holds the world for this process; the caller disposes of what comes back.
    $path = "$($env:MATRYOSHKA_FAKE_WORLD).lock"
    while ($true) {
        try {
            return [System.IO.FileStream]::new($path, [System.IO.FileMode]::OpenOrCreate, [System.IO.FileAccess]::ReadWrite, [System.IO.FileShare]::None)
        }
        catch [System.IO.IOException] {
            [System.Threading.Thread]::Sleep(5)
        }
    }
}

function Use-FakeWorld {
    # Runs a script block with the world and writes the world back if it changed. The block must not wait: it holds the lock.
    param([scriptblock]$Body, [object[]]$Argument = @())

    $lock = Lock-FakeWorld
    try {
        $before = [System.IO.File]::ReadAllText($env:MATRYOSHKA_FAKE_WORLD)
        $world = ConvertFrom-Json -InputObject $before -AsHashtable -DateKind String
        Update-FakeMachine -World $world
        & $Body $world @Argument
        $after = ConvertTo-Json -InputObject $world -Depth 30 -Compress
        if ($after -cne $before) {
            [System.IO.File]::WriteAllText("$($env:MATRYOSHKA_FAKE_WORLD).new", $after)
            [System.IO.File]::Move("$($env:MATRYOSHKA_FAKE_WORLD).new", $env:MATRYOSHKA_FAKE_WORLD, $true)
        }
    }
    finally {
        $lock.Dispose()
    }
}

function Add-FakeBody {
    # Says what a cmdlet does. The body gets the call: Cmdlet, Name, Set (parameter set), Bound (parameters by name), World, Machine;
    # what it puts out is written: objects, ErrorRecord (not terminating), FakeWindows.Refusal (terminating), WarningRecord.
    param([string]$Name, [scriptblock]$Body, [switch]$WithoutWorld)

    $script:Bodies[$Name] = @{ Body = $Body; WithoutWorld = [bool]$WithoutWorld }
}

function Invoke-FakeBody {
    # Runs the body of a cmdlet, or the refusal that the world's faults have for it.
    param([System.Management.Automation.PSCmdlet]$Cmdlet)

    $name = $Cmdlet.MyInvocation.MyCommand.Name
    $entry = $script:Bodies[$name]
    if ($null -eq $entry) {
        throw "The pretended Windows has no body for $name."
    }
    $bound = @{}
    foreach ($key in $Cmdlet.MyInvocation.BoundParameters.Keys) {
        $bound[$key] = $Cmdlet.MyInvocation.BoundParameters[$key]
    }
    $call = @{ Cmdlet = $Cmdlet; Name = $name; Set = $Cmdlet.ParameterSetName; Bound = $bound; World = $null; Machine = $null }
    if ($entry.WithoutWorld) {
        # A body that waits or runs something else: it takes the world itself, when it needs it.
        & $entry.Body $call
        return
    }
    Use-FakeWorld -Argument $call, $entry.Body -Body {
        param($World, $Call, $Body)
        $Call.World = $World
        $Call.Machine = $World.machines[$env:MATRYOSHKA_FAKE_MACHINE]
        $fault = Get-FakeFault -Call $Call
        if ($null -ne $fault) {
            return $fault
        }
        & $Body $Call
    }
}

function Get-FakeFault {
    # A refusal that a test ordered for this cmdlet: faults.<cmdlet> = { id, category, exception, hresult, terminating, times }.
    param([hashtable]$Call)

    $fault = $Call.World.faults[$Call.Name]
    if ($null -eq $fault -or $fault.times -le 0) {
        return $null
    }
    $fault.times--
    $arguments = @{ Call = $Call; Id = $fault.id; Category = $fault.category; Text = 'Ordered'; Exception = $fault.exception; HResult = $fault.hresult }
    if ($fault.terminating) {
        return New-FakeRefusal @arguments
    }
    return New-FakeError @arguments
}
