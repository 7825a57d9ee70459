# Virtual machines and their parts as objects of Windows' own types.
#
#   behaviour                                                                     | mark       | source
#   names, types and enum numbers of all properties                               | observed   | docs/sources.md H9: metadata of Hyper-V 2.0.0.0
#   VMName and VMId of a VirtualMachine                                           | not made   | the metadata's type has Name and Id
#   MemoryMinimum and MemoryMaximum are 512 MiB and 1 TiB, static memory or not   | observed   | TFHV
#   a VM that is off has no assigned memory, no uptime and no heartbeat           | observed   | public outputs of Get-VM
#   heartbeat of a guest that is up: OkApplicationsUnknown                        | uncertain  | or ...Healthy; only OkApplications* is relied on
#   ... of one that is not, or of an empty VM: NoContact                          | uncertain  | meaning of the word
#   MAC addresses are 12 hex digits without separators                            | observed   | docs/sources.md H5
#   IPAddresses are empty until the guest's services report                       | observed   | docs/sources.md H9
#   IPv6 addresses and those of DHCP servers                                      | not made   |
#   an adapter's Id is 'Microsoft:<VM>\<adapter>'                                 | observed   | public outputs of Get-VMNetworkAdapter
#   SwitchName of an adapter that is not connected is the empty text              | uncertain  | or $null
#   Spoofing reads Off on an adapter that is not connected                        | not made   | it reads what was set
#   the path of a drive with a checkpoint ends in avhdx                           | not made   | it reads what was attached

$script:MinimumMemory = 512mb
$script:MaximumMemory = 1tb

function ConvertFrom-FakeTime {
    # A moment of the world; $null for ''.
    param([string]$Text)

    if ($Text -eq '') {
        return $null
    }
    return [datetime]::Parse($Text, [System.Globalization.CultureInfo]::InvariantCulture, 'AdjustToUniversal, AssumeUniversal')
}

function Test-FakeGuestAnswers {
    # Whether the integration services of a VM's guest report to the host.
    param([hashtable]$World, [System.Collections.IDictionary]$Vm)

    if ($Vm.state -ne 'Running' -or $Vm.machine -eq '') {
        return $false
    }
    $guest = $World.machines[$Vm.machine]
    if (-not $guest.powered -or $guest.booted_at -eq '') {
        return $false
    }
    return ([datetime]::UtcNow - (ConvertFrom-FakeTime -Text $guest.booted_at)).TotalSeconds -ge $World.times.boot
}

function Get-FakeHeartbeat {
    # The heartbeat of a VM; $null when it has none.
    param([hashtable]$World, [System.Collections.IDictionary]$Vm)

    if ('Off', 'Saved' -contains $Vm.state) {
        return $null
    }
    if ($Vm.heartbeat -ne '') {
        return $Vm.heartbeat
    }
    if (Test-FakeGuestAnswers -World $World -Vm $Vm) {
        return 'OkApplicationsUnknown'
    }
    return 'NoContact'
}

function Get-FakeCheckpointType {
    # New VMs take production checkpoints.
    param([System.Collections.IDictionary]$Vm)

    if ($Vm.Contains('checkpoint_type')) {
        return $Vm.checkpoint_type
    }
    return 'Production'
}

function ConvertTo-FakeVm {
    # A VM as Get-VM shows it.
    param([hashtable]$Call, [System.Collections.IDictionary]$Row)

    $uptime = [timespan]::Zero
    $started = ConvertFrom-FakeTime -Text $Row.started_at
    if ($null -ne $started) {
        $uptime = [datetime]::UtcNow - $started
    }
    $made = @{
        Id                          = [guid]$Row.id
        Name                        = $Row.name
        State                       = $Row.state
        Status                      = Get-FakeText -World $Call.World -Key 'VmStatus'
        StatusDescriptions          = [string[]]@(Get-FakeText -World $Call.World -Key 'VmStatus')
        OperationalStatus           = @('Ok')
        PrimaryOperationalStatus    = 'Ok'
        PrimaryStatusDescription    = Get-FakeText -World $Call.World -Key 'VmStatus'
        Generation                  = [int]$Row.generation
        Version                     = $Row.version
        Notes                       = $Row.notes
        ProcessorCount              = [long]$Row.processor_count
        MemoryStartup               = [long]$Row.memory_startup
        MemoryAssigned              = [long]$Row.memory_assigned
        MemoryMinimum               = $script:MinimumMemory
        MemoryMaximum               = $script:MaximumMemory
        DynamicMemoryEnabled        = [bool]$Row.dynamic_memory
        AutomaticCheckpointsEnabled = [bool]$Row.automatic_checkpoints
        AutomaticStartAction        = $Row.start_action
        AutomaticStopAction         = $Row.stop_action
        CheckpointType              = Get-FakeCheckpointType -Vm $Row
        Uptime                      = $uptime
        Path                        = $Row.path
        ConfigurationLocation       = $Row.path
        SnapshotFileLocation        = $Row.path
        SmartPagingFilePath         = $Row.path
        VirtualMachineType          = 'RealizedVirtualMachine'
        VirtualMachineSubType       = "Generation$($Row.generation)"
        ComputerName                = $Call.Machine.computer_name
    }
    $heartbeat = Get-FakeHeartbeat -World $Call.World -Vm $Row
    if ($null -ne $heartbeat) {
        $made.Heartbeat = $heartbeat
    }
    return New-FakeObject -Type 'Microsoft.HyperV.PowerShell.VirtualMachine' -Property $made
}

function ConvertTo-FakeProcessor {
    # A VM's processor.
    param([hashtable]$Call, [System.Collections.IDictionary]$Row)

    return New-FakeObject -Type 'Microsoft.HyperV.PowerShell.VMProcessor' -Property @{
        Count                          = [long]$Row.processor_count
        ExposeVirtualizationExtensions = [bool]$Row.exposed
        Maximum                        = 100L
        Reserve                        = 0L
        RelativeWeight                 = 100
        Id                             = "Microsoft:$($Row.id.ToUpperInvariant())\b637f346-6a0e-4dec-af52-bd70cb80a21d\0"
        VMId                           = [guid]$Row.id
        VMName                         = $Row.name
        ComputerName                   = $Call.Machine.computer_name
    }
}

function ConvertTo-FakeMemory {
    # A VM's memory.
    param([hashtable]$Call, [System.Collections.IDictionary]$Row)

    return New-FakeObject -Type 'Microsoft.HyperV.PowerShell.VMMemory' -Property @{
        Startup              = [long]$Row.memory_startup
        Minimum              = $script:MinimumMemory
        Maximum              = $script:MaximumMemory
        Buffer               = 20
        Priority             = 50
        DynamicMemoryEnabled = [bool]$Row.dynamic_memory
        Id                   = "Microsoft:$($Row.id.ToUpperInvariant())\4764334d-e001-4176-82ee-5594ec9b530e"
        VMId                 = [guid]$Row.id
        VMName               = $Row.name
        ComputerName         = $Call.Machine.computer_name
    }
}

function Get-FakeAdapterAddress {
    # The addresses that the guest's services report for an adapter.
    param([hashtable]$World, [System.Collections.IDictionary]$Vm, [System.Collections.IDictionary]$Adapter)

    if (-not (Test-FakeGuestAnswers -World $World -Vm $Vm)) {
        return
    }
    $guest = $World.machines[$Vm.machine]
    foreach ($port in $guest.net_adapters) {
        if (($port.mac -replace '-', '') -eq $Adapter.mac) {
            $guest.addresses | Where-Object -FilterScript { $_.index -eq $port.index } | ForEach-Object -Process { $_.address }
        }
    }
}

function ConvertTo-FakeVmAdapter {
    # A network adapter of a VM.
    param([hashtable]$Call, [System.Collections.IDictionary]$Row, [System.Collections.IDictionary]$Adapter)

    $made = @{
        Name                     = $Adapter.name
        Id                       = "Microsoft:$($Row.id.ToUpperInvariant())\$($Adapter.id.ToUpperInvariant())"
        AdapterId                = $Adapter.id.ToUpperInvariant()
        MacAddress               = $Adapter.mac
        DynamicMacAddressEnabled = -not $Adapter.static
        MacAddressSpoofing       = $(if ($Adapter.spoofing) { 'On' } else { 'Off' })
        DhcpGuard                = 'Off'
        RouterGuard              = 'Off'
        AllowTeaming             = 'Off'
        DeviceNaming             = 'Off'
        IsSynthetic              = $true
        IPAddresses              = [string[]]@(Get-FakeAdapterAddress -World $Call.World -Vm $Row -Adapter $Adapter)
        Connected                = $false
        SwitchName               = ''
        VMId                     = [guid]$Row.id
        VMName                   = $Row.name
        ComputerName             = $Call.Machine.computer_name
    }
    if ("$($Adapter.switch)" -ne '' -and $Call.Machine.switches.Contains($Adapter.switch)) {
        $made.Connected = $true
        $made.SwitchName = $Call.Machine.switches[$Adapter.switch].name
        $made.SwitchId = [guid]$Adapter.switch
    }
    return New-FakeObject -Type 'Microsoft.HyperV.PowerShell.VMNetworkAdapter' -Property $made
}

function ConvertTo-FakeDrive {
    # A hard disk drive of a VM.
    param([hashtable]$Call, [System.Collections.IDictionary]$Row, [System.Collections.IDictionary]$Drive)

    return New-FakeObject -Type 'Microsoft.HyperV.PowerShell.HardDiskDrive' -Property @{
        Path               = $Drive.path
        ControllerType     = $Drive.controller
        ControllerNumber   = [int]$Drive.number
        ControllerLocation = [int]$Drive.location
        Name               = "Hard Drive on $($Drive.controller) controller number $($Drive.number) at location $($Drive.location)"
        Id                 = "Microsoft:$($Row.id.ToUpperInvariant())\$($Drive.number)\$($Drive.location)\D"
        VMId               = [guid]$Row.id
        VMName             = $Row.name
        ComputerName       = $Call.Machine.computer_name
    }
}
