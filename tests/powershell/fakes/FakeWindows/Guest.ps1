# How machines live: power, boots, restarts, what a first boot reads from its disk. A world has nothing that runs in the background:
# whoever looks at it first lets happen what is due (Update-FakeMachine, called by Store.ps1).
#
#   behaviour                                                                     | mark       | source
#   the first boot reads Windows\Panther\unattend.xml: ComputerName in            | documented | docs/sources.md H21
#     specialize, the Administrator's password in oobeSystem
#   no ComputerName: a made one, WIN- and 11 letters                              | documented | Microsoft Learn, unattend ComputerName
#   the answer file stays below Panther; its passwords are blanked                | uncertain  | docs/sources.md H21: U for all copies
#   newer releases keep a copy of it as it was: unattend-original.xml             | uncertain  | seen in public setup logs
#   a feature that waits for a restart is there after it                          | documented | CmdletDocs Install-WindowsFeature
#   the Hyper-V role may restart twice; nothing answers in between                | uncertain  | docs/sources.md H11
#   the hypervisor's launch is event 1; without VMX 41, without SVM 42            | documented | docs/sources.md H7
#   vmms runs with the role, also where no hypervisor does                        | uncertain  | docs/sources.md H7
#   VMs lose power with their host's restart; those that were running start again | documented | CmdletDocs Set-VM, AutomaticStartAction
#     (AutomaticStopAction Save would save and resume them)                       | not made   |
#   a changed computer name or domain comes into force with a restart             | documented | CmdletDocs Rename-Computer, Add-Computer
#   a new server's network is public and asks DHCP                                | documented | Microsoft Learn, network profiles

$script:FakeProvider = 'Microsoft-Windows-Hyper-V-Hypervisor'
$script:FakeRebootKey = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending'
$script:FakeNameKey = 'HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName\{0}'
$script:FakeSetupKey = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Setup\State'

function Get-FakeField {
    # A field that only some worlds have; '' when this one has not.
    param([System.Collections.IDictionary]$Row, [string]$Name)

    if ($Row.Contains($Name)) {
        return $Row[$Name]
    }
    return ''
}

function Get-FakeMoment {
    # A moment and seconds after it, as text of the world.
    param([datetime]$From, [double]$Seconds = 0)

    return $From.AddSeconds($Seconds).ToUniversalTime().ToString('o', [System.Globalization.CultureInfo]::InvariantCulture)
}

function Test-FakeDue {
    # Whether a moment of the world has come; '' never does.
    param([string]$Text, [double]$Seconds = 0)

    return $Text -ne '' -and [datetime]::UtcNow -ge (ConvertFrom-FakeTime -Text $Text).AddSeconds($Seconds)
}

function Update-FakeMachine {
    # Lets everything happen that is due: planned restarts, the end of a setup.
    param([hashtable]$World)

    foreach ($machine in @($World.machines.Values)) {
        if ($machine.powered -and (Test-FakeDue -Text (Get-FakeField -Row $machine -Name 'restart_at'))) {
            Restart-FakeMachine -World $World -Machine $machine -At (ConvertFrom-FakeTime -Text $machine.restart_at)
        }
        if ($machine.powered -and -not $machine.setup_complete -and (Test-FakeDue -Text (Get-FakeField -Row $machine -Name 'setup_at'))) {
            Complete-FakeSetup -Machine $machine
        }
    }
}

function Test-FakeSession {
    # Whether a machine takes sessions now.
    param([hashtable]$World, [System.Collections.IDictionary]$Machine)

    $isDown = $World.faults.Contains('boot_fails') -and $Machine.level -gt 0
    return $Machine.powered -and -not $isDown -and (Test-FakeDue -Text $Machine.booted_at -Seconds $World.times.session)
}

function Restart-FakeMachine {
    # A restart that begins at a moment: everything in it loses power, the next boot begins after times.restart.
    param([hashtable]$World, [System.Collections.IDictionary]$Machine, [datetime]$At)

    Stop-FakeInner -World $World -Machine $Machine
    Start-FakeBoot -World $World -Machine $Machine -At $At.AddSeconds($World.times.restart)
}

function Stop-FakeInner {
    # The VMs of a machine lose their power and are remembered as running.
    param([hashtable]$World, [System.Collections.IDictionary]$Machine)

    foreach ($vm in $Machine.vms.Values) {
        $vm.was_running = $vm.state -eq 'Running'
        if ('Running', 'Paused' -contains $vm.state) {
            Stop-FakeGuest -World $World -Vm $vm
            $vm.state = 'Off'
            $vm.memory_assigned = 0
            $vm.started_at = ''
        }
    }
    foreach ($vhd in $Machine.vhds.Values) {
        $vhd.attached = $false
        $vhd.number = $null
    }
    $Machine.disks = @{}
}

function Stop-FakeGuest {
    # What runs in a VM loses its power, and everything in it.
    param([hashtable]$World, [System.Collections.IDictionary]$Vm)

    if ($Vm.machine -eq '') {
        return
    }
    $guest = $World.machines[$Vm.machine]
    Stop-FakeInner -World $World -Machine $guest
    $guest.powered = $false
    $guest.booted_at = ''
    $guest.restart_at = ''
}

function Start-FakeGuest {
    # What lies on the VM's disks boots, with the VM's hardware. A VM without a system runs empty.
    param([hashtable]$World, [System.Collections.IDictionary]$Vm)

    $node = $World.machines.Values | Where-Object -FilterScript { $_.vms.Contains($Vm.id) } | Select-Object -First 1
    if ($Vm.machine -eq '') {
        $Vm.machine = Find-FakeSystem -World $World -Node $node -Vm $Vm
    }
    if ($Vm.machine -eq '') {
        return
    }
    $guest = $World.machines[$Vm.machine]
    $guest.host = $node.uid
    $guest.vm = $Vm.id
    $guest.level = $node.level + 1
    $guest.memory_mib = [long]($Vm.memory_startup / 1mb)
    $guest.cpu.logical = $Vm.processor_count
    $guest.cpu.bits = [bool]$Vm.exposed -and -not $World.faults.Contains('exposure_lost')
    Add-FakeGuestAdapter -Guest $guest -Vm $Vm
    Start-FakeBoot -World $World -Machine $guest -At ([datetime]::UtcNow)
}

function Start-FakeBoot {
    # A boot begins at a moment: what waited for it comes into force, the hypervisor starts if it can, VMs start by their start action.
    param([hashtable]$World, [System.Collections.IDictionary]$Machine, [datetime]$At)

    $pending = @($Machine.features.Keys | Where-Object -FilterScript { $Machine.features[$_] -eq 'InstallPending' })
    $Machine.boots++
    if ($pending -contains 'Hyper-V' -and $World.times.second_reboot -gt 0) {
        $Machine.boots++
        $At = $At.AddSeconds($World.times.second_reboot)
    }
    $Machine.powered = $true
    $Machine.booted_at = Get-FakeMoment -From $At
    $Machine.restart_at = ''
    if (-not $Machine.setup_complete -and (Get-FakeField -Row $Machine -Name 'setup_at') -eq '') {
        Set-FakeSeed -World $World -Machine $Machine
        $Machine.setup_at = Get-FakeMoment -From $At -Seconds $World.times.setup
    }
    foreach ($feature in $pending) {
        $Machine.features[$feature] = 'Installed'
    }
    Set-FakeServices -Machine $Machine
    if ($World.clusters.Contains($Machine.cluster) -and $World.clusters[$Machine.cluster].nodes[$Machine.uid] -eq 'Down') {
        # The service of a node is automatic: a boot starts it, whoever stopped it before.
        $World.clusters[$Machine.cluster].nodes[$Machine.uid] = 'Up'
    }
    $Machine.pending_reboot = $false
    $Machine.registry.Remove($script:FakeRebootKey)
    Set-FakeNewName -Machine $Machine
    Start-FakeHypervisor -World $World -Machine $Machine -At $At
    foreach ($vm in @($Machine.vms.Values)) {
        $isDue = $vm.start_action -eq 'Start' -or ($vm.start_action -eq 'StartIfRunning' -and (Get-FakeField -Row $vm -Name 'was_running') -eq $true)
        if ($isDue -and $Machine.hypervisor_running -and $vm.state -eq 'Off') {
            $vm.state = 'Running'
            $vm.memory_assigned = $vm.memory_startup
            $vm.started_at = Get-FakeMoment -From $At
            Start-FakeGuest -World $World -Vm $vm
        }
    }
}

function Set-FakeServices {
    # The services that a machine's features bring.
    param([System.Collections.IDictionary]$Machine)

    if ($Machine.features['Hyper-V'] -eq 'Installed') {
        $Machine.services.vmms = 'Running'
    }
    if ($Machine.features['Failover-Clustering'] -eq 'Installed') {
        $Machine.services.ClusSvc = $(if ($Machine.cluster -ne '') { 'Running' } else { 'Stopped' })
    }
}

function Set-FakeNewName {
    # A new computer name or domain comes into force.
    param([System.Collections.IDictionary]$Machine)

    $wanted = $Machine.registry[($script:FakeNameKey -f 'ComputerName')]
    if ($null -ne $wanted -and $wanted.Contains('ComputerName')) {
        $Machine.computer_name = $wanted.ComputerName
        $Machine.registry[($script:FakeNameKey -f 'ActiveComputerName')] = @{ ComputerName = $wanted.ComputerName }
    }
    if ((Get-FakeField -Row $Machine -Name 'pending_domain') -ne '') {
        $Machine.domain = $Machine.pending_domain
        $Machine.pending_domain = ''
        $null = $Machine.registry['HKLM:\SYSTEM\CurrentControlSet\Services\Netlogon'].Remove('JoinDomain')
    }
}

function Start-FakeHypervisor {
    # The hypervisor of this level starts, or the System log says why it does not.
    param([hashtable]$World, [System.Collections.IDictionary]$Machine, [datetime]$At)

    $Machine.hypervisor_running = $false
    if ($Machine.features['Hyper-V'] -ne 'Installed') {
        return
    }
    $launches = [bool]$Machine.cpu.bits -and -not $World.faults.Contains('hypervisor_fails')
    $Machine.hypervisor_running = $launches
    $id = $(if ($launches) { 1 } elseif ($Machine.cpu.vendor -eq 'AuthenticAMD') { 42 } else { 41 })
    $level = $(if ($launches) { 'Information' } else { 'Error' })
    $Machine.events += @{ log = 'System'; provider = $script:FakeProvider; id = $id; level = $level; time = (Get-FakeMoment -From $At -Seconds 1); message = '' }
}
