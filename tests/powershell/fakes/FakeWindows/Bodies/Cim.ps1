# Get-CimInstance of the classes that tell what a machine is.
#
#   behaviour                                                                     | mark       | source
#   names and types of the properties                                             | documented | Win32Docs: the page of each class
#   a class that is absent: HRESULT 0x80041010, ObjectNotFound, CimException      | observed   | public logs, MicrosoftDocs/PowerShell-Docs
#   -Property: all properties are there, those not asked for are null             | documented | PSDocs Get-CimInstance
#   -Filter with one comparison (=) of a text or a number                         | documented | PSDocs Get-CimInstance, WQL
#   other WQL                                                                     | not made   | throws
#   AMD's names are filled with blanks to 48                                      | observed   | public outputs; CPUID's brand string
#   the EFI partition is a volume without letter, named by its GUID               | documented | Win32Docs Win32_Volume
#   Win32_Processor: one instance a socket                                        | documented | docs/sources.md H6
#   its three virtualization bits are false once a hypervisor runs at this level  | observed   | docs/sources.md H6; U for a guest with the role
#   HypervisorPresent is true on a root partition and in every guest              | documented | docs/sources.md H6
#   LastBootUpTime moves with the clock, CreationDate of process 4 does not       | observed   | public threads; here both are the boot
#   FreePhysicalMemory is in KiB, TotalPhysicalMemory in bytes, FreeSpace and     | documented | Win32Docs
#     Capacity in bytes
#   a computer of no domain: PartOfDomain false, Domain is the workgroup's name   | documented | Win32Docs Win32_ComputerSystem
#   Win32_DeviceGuard lies in root\Microsoft\Windows\DeviceGuard, 0 off, 1        | documented | Microsoft Learn, Win32_DeviceGuard
#     configured, 2 running
#   whoever is no administrator reads these classes all the same                  | uncertain  | over WinRM others may need rights

$script:FakeCimType = 'Microsoft.Management.Infrastructure.CimInstance#{0}/{1}'

function Get-FakeUsedMemory {
    # Bytes that Windows itself and the running VMs take: the rule of Start-VM (HyperV.Power.ps1).
    param([System.Collections.IDictionary]$Machine)

    $used = [long]([System.Math]::Min($script:WindowsOwnMib, $Machine.memory_mib / 4) * 1mb)
    foreach ($vm in $Machine.vms.Values) {
        $used += [long]$vm.memory_assigned
    }
    return $used
}

function Get-FakeProcessor {
    # Win32_Processor.
    param([System.Collections.IDictionary]$Machine)

    $shows = [bool]$Machine.cpu.bits -and -not $Machine.hypervisor_running
    for ($socket = 0; $socket -lt $Machine.cpu.sockets; $socket++) {
        [ordered]@{
            DeviceID = "CPU$socket"; Name = $Machine.cpu.name.PadRight($(if ($Machine.cpu.vendor -eq 'AuthenticAMD') { 48 } else { 0 })); Manufacturer = $Machine.cpu.vendor; SocketDesignation = "CPU $socket"; Architecture = [uint16]9
            NumberOfCores = [uint32][System.Math]::Max(1, $Machine.cpu.logical / $Machine.cpu.sockets / 2)
            NumberOfLogicalProcessors = [uint32]($Machine.cpu.logical / $Machine.cpu.sockets)
            VMMonitorModeExtensions = $shows; SecondLevelAddressTranslationExtensions = $shows; VirtualizationFirmwareEnabled = $shows
        }
    }
}

function Get-FakeComputer {
    # Win32_ComputerSystem.
    param([System.Collections.IDictionary]$Machine)

    $joined = $Machine.domain -ne ''
    [ordered]@{
        Name = $Machine.computer_name; DNSHostName = $Machine.computer_name; Domain = $(if ($joined) { $Machine.domain } else { 'WORKGROUP' })
        Workgroup = $(if ($joined) { $null } else { 'WORKGROUP' }); PartOfDomain = $joined; DomainRole = [uint16]$(if ($joined) { 3 } else { 2 })
        Manufacturer = $(if ($Machine.level -gt 0) { 'Microsoft Corporation' } else { 'Contoso' }); Model = $(if ($Machine.level -gt 0) { 'Virtual Machine' } else { 'Server' })
        NumberOfProcessors = [uint32]$Machine.cpu.sockets; NumberOfLogicalProcessors = [uint32]$Machine.cpu.logical
        TotalPhysicalMemory = [uint64]($Machine.memory_mib * 1mb); HypervisorPresent = [bool]($Machine.level -gt 0 -or $Machine.hypervisor_running)
        AutomaticManagedPagefile = $true; BootupState = 'Normal boot'
    }
}

function Get-FakeSystem {
    # Win32_OperatingSystem.
    param([System.Collections.IDictionary]$Machine)

    [ordered]@{
        Caption = $Machine.caption; Version = "10.0.$($Machine.os_build)"; BuildNumber = [string]$Machine.os_build; CSName = $Machine.computer_name
        LastBootUpTime = (ConvertFrom-FakeTime -Text $Machine.booted_at).ToLocalTime(); LocalDateTime = [datetime]::Now; InstallDate = [datetime]::new(2026, 1, 1)
        TotalVisibleMemorySize = [uint64]($Machine.memory_mib * 1kb); FreePhysicalMemory = [uint64](($Machine.memory_mib * 1mb - (Get-FakeUsedMemory -Machine $Machine)) / 1kb)
        ProductType = [uint32]3; SystemDrive = 'C:'; WindowsDirectory = 'C:\Windows'; OperatingSystemSKU = [uint32]8; OSArchitecture = '64-bit'
    }
}

function Get-FakeVolume {
    # Win32_Volume: the lettered ones, and the EFI partition.
    param([System.Collections.IDictionary]$Machine)

    $efi = @{ path = ''; filesystem = 'FAT32'; size = 100mb; free = 70mb }
    $number = 0
    foreach ($row in @($Machine.volumes) + @($efi)) {
        $number++
        $id = "\\?\Volume{00000000-0000-0000-0000-$($number.ToString('d12'))}\"
        $letter = $(if ($row.path -match '\A[A-Za-z]:\\\z') { $row.path.TrimEnd('\') } else { $null })
        [ordered]@{
            Name = $(if ($row.path -eq '') { $id } else { $row.path }); DeviceID = $id; DriveLetter = $letter
            DriveType = [uint32]3; FileSystem = $row.filesystem; Capacity = [uint64]$row.size; FreeSpace = [uint64]$row.free; Label = ''
        }
    }
}

function Get-FakeInstance {
    # The instances of a class as tables of properties (also of none); $null for a class that is not there.
    param([hashtable]$Call, [string]$Namespace, [string]$Class)

    $machine = $Call.Machine
    switch ("$Namespace/$Class") {
        'root/cimv2/Win32_Processor' { return , @(Get-FakeProcessor -Machine $machine) }
        'root/cimv2/Win32_ComputerSystem' { return , @(Get-FakeComputer -Machine $machine) }
        'root/cimv2/Win32_OperatingSystem' { return , @(Get-FakeSystem -Machine $machine) }
        'root/cimv2/Win32_Process' {
            return , @([ordered]@{ ProcessId = [uint32]4; Name = 'System'; CreationDate = (ConvertFrom-FakeTime -Text $machine.booted_at).ToLocalTime(); ParentProcessId = [uint32]0; CommandLine = $null })
        }
        'root/cimv2/Win32_Service' {
            return , @($machine.services.Keys | ForEach-Object -Process {
                    [ordered]@{ Name = $_; DisplayName = $_; State = $machine.services[$_]; Status = 'OK'; Started = $machine.services[$_] -eq 'Running'; StartMode = 'Auto'; ProcessId = [uint32]0 }
                })
        }
        'root/cimv2/Win32_Volume' { return , @(Get-FakeVolume -Machine $machine) }
        'root/microsoft/windows/deviceguard/Win32_DeviceGuard' {
            return , @([ordered]@{ VirtualizationBasedSecurityStatus = [uint32]$machine.vbs_status; InstanceIdentifier = '4ff40742-2649-41b8-bdd1-e80fad1cce80'; Version = '1.0' })
        }
    }
    return $null
}

function Test-FakeFilter {
    # Whether an instance fits a filter of one comparison.
    param([System.Collections.IDictionary]$Row, [string]$Filter)

    if ($Filter -notmatch "\A\s*(\w+)\s*=\s*(?:'([^']*)'|`"([^`"]*)`"|([0-9]+|TRUE|FALSE))\s*\z") {
        throw "The pretended Get-CimInstance does not know the filter $Filter."
    }
    $wanted = "$($Matches[2])$($Matches[3])$($Matches[4])"
    return [string]$Row[$Matches[1]] -eq $wanted
}

Add-FakeBody -Name 'Get-CimInstance' -Body {
    param($Call)

    $namespace = $(if ($Call.Bound.ContainsKey('Namespace')) { ($Call.Bound.Namespace -replace '\\', '/').ToLowerInvariant().Trim('/') } else { 'root/cimv2' })
    $class = [string]$Call.Bound['ClassName']
    $rows = Get-FakeInstance -Call $Call -Namespace $namespace -Class $class
    if ($null -eq $rows) {
        $missing = @{ Id = 'HRESULT 0x80041010'; Category = 'ObjectNotFound'; Text = 'CimNoClass'; Target = $class; HResult = 2147749904 }
        return New-FakeError -Call $Call @missing -Exception 'Microsoft.Management.Infrastructure.CimException'
    }
    foreach ($row in $rows) {
        if ($Call.Bound.ContainsKey('Filter') -and -not (Test-FakeFilter -Row $row -Filter $Call.Bound.Filter)) {
            continue
        }
        if ($Call.Bound.ContainsKey('Property')) {
            foreach ($name in $Call.Bound.Property) {
                if (-not $row.Contains($name)) {
                    throw "The pretended $class has no property $name."
                }
            }
            foreach ($name in @($row.Keys)) {
                if ($Call.Bound.Property -notcontains $name) {
                    $row[$name] = $null
                }
            }
        }
        New-FakeRow -TypeName ($script:FakeCimType -f $namespace, $class) -Property $row
    }
}
