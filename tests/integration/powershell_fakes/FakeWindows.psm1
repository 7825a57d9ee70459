# A pretended Windows for tests: state in $global:Fake, cmdlets with the names and parameters of the real ones. It is a test
# double for the module's own logic, not a simulation of Windows: that is the sandbox's work.
Set-StrictMode -Version 3.0

enum VMState { Off = 3; Running = 2; Saved = 6 }
enum OnOffState { On = 0; Off = 1 }
enum VMHeartbeatStatus { NoContact = 2; OkApplicationsHealthy = 6 }
enum VMSwitchType { Private = 0; Internal = 1; External = 2 }
enum VhdType { Fixed = 2; Dynamic = 3; Differencing = 4 }
enum VhdFormat { VHD = 2; VHDX = 3 }
enum InstallState { Available = 0; Installed = 1; InstallPending = 3 }
enum ClusterNodeState { Up = 0; Down = 1 }
enum AdminAccessPoint { None = 0; ActiveDirectoryAndDns = 1; Dns = 2 }
enum ClusterQuorumType { Unknown = 0; Majority = 1 }

$global:Fake = @{
    Calls      = New-Object -TypeName 'System.Collections.Generic.List[string]'
    VMs        = New-Object -TypeName 'System.Collections.Generic.List[object]'
    Switches   = New-Object -TypeName 'System.Collections.Generic.List[object]'
    Nats       = New-Object -TypeName 'System.Collections.Generic.List[object]'
    Addresses  = New-Object -TypeName 'System.Collections.Generic.List[object]'
    Routes     = New-Object -TypeName 'System.Collections.Generic.List[object]'
    NetAdapters = New-Object -TypeName 'System.Collections.Generic.List[object]'
    Dns        = @()
    Network    = 'Public'
    Vhds       = @{}
    DiskRoot   = ''
    Registry   = @{}
    Services   = @{ vmms = 'Running' }
    Vendor     = 'GenuineIntel'
    Build      = 20348
    Sockets    = 2
    Bits       = $true
    Hypervisor = $true
    Booted     = [datetime]::new(2026, 1, 2, 3, 4, 5, [System.DateTimeKind]::Utc)
    Events     = @()
    Features   = @{}
    Domain     = 'WORKGROUP'
    Refuse     = ''
    Ignore     = ''
    Cluster    = $null
    Cmdlets    = @{}
}

function Write-FakeError {
    param($Cmdlet, [string]$Id, [string]$Category, [object]$Target = $null)
    $exception = New-Object -TypeName 'System.Exception' -ArgumentList "refused: $Id"
    $Cmdlet.WriteError((New-Object -TypeName 'System.Management.Automation.ErrorRecord' -ArgumentList $exception, $Id, $Category, $Target))
}

function Add-FakeCall {
    param([string]$Text)
    $global:Fake.Calls.Add($Text)
}

function Get-Outcome {
    # What a script block answers, or the id and category of its error; and what it made Windows do.
    param([scriptblock]$Body)
    $global:Fake.Calls.Clear()
    $outcome = @{ result = $null; id = ''; category = '' }
    try {
        $outcome.result = & $Body
    }
    catch {
        $outcome.id = $_.FullyQualifiedErrorId
        $outcome.category = $_.CategoryInfo.Category.ToString()
    }
    $outcome.calls = $global:Fake.Calls.ToArray()
    return $outcome
}

# --- processor, Windows, registry ---------------------------------------------------------------------------------------

function Get-CimInstance {
    [CmdletBinding()]
    param([string]$ClassName, [string]$Namespace, [string]$Filter, [string[]]$Property)
    $fake = $global:Fake
    if ($ClassName -eq 'Win32_Processor') {
        for ($i = 0; $i -lt $fake.Sockets; $i++) {
            [pscustomobject]@{ Manufacturer = $fake.Vendor; Name = 'A processor  '; VMMonitorModeExtensions = $fake.Bits; SecondLevelAddressTranslationExtensions = $fake.Bits; VirtualizationFirmwareEnabled = $fake.Bits }
        }
    }
    if ($ClassName -eq 'Win32_ComputerSystem') {
        [pscustomobject]@{ HypervisorPresent = $fake.Hypervisor; NumberOfLogicalProcessors = 16; TotalPhysicalMemory = [uint64]68719476736; PartOfDomain = ($fake.Domain -ne 'WORKGROUP'); Domain = $fake.Domain }
    }
    if ($ClassName -eq 'Win32_OperatingSystem') {
        [pscustomobject]@{ Caption = 'A Windows Server'; BuildNumber = [string]$fake.Build; FreePhysicalMemory = [uint64]33554432; LastBootUpTime = $fake.Booted; LocalDateTime = $fake.Booted.AddSeconds(90) }
    }
    if ($ClassName -eq 'Win32_Process') {
        [pscustomobject]@{ ProcessId = 4; CreationDate = $fake.Booted.AddMilliseconds(123) }
    }
    if ($ClassName -eq 'Win32_Service') {
        $name = $Filter -replace "Name = '(.+)'", '$1'
        if ($fake.Services.ContainsKey($name)) {
            [pscustomobject]@{ Name = $name; State = $fake.Services[$name] }
        }
    }
    if ($ClassName -eq 'Win32_Volume') {
        [pscustomobject]@{ Name = 'C:\'; FileSystem = 'NTFS'; FreeSpace = [uint64]107374182400; Capacity = [uint64]214748364800 }
        [pscustomobject]@{ Name = '\\?\Volume{1}\'; FileSystem = 'NTFS'; FreeSpace = [uint64]1; Capacity = [uint64]1073741824 }
    }
    if ($ClassName -eq 'Win32_DeviceGuard') {
        [pscustomobject]@{ VirtualizationBasedSecurityStatus = [uint32]2 }
    }
}

function Get-WinEvent {
    [CmdletBinding()]
    param([hashtable]$FilterHashtable, [long]$MaxEvents = 1000)
    $found = @($global:Fake.Events | Where-Object -FilterScript { $_.LogName -eq $FilterHashtable.LogName -and $_.TimeCreated -ge $FilterHashtable.StartTime })
    if ($FilterHashtable.ContainsKey('Id')) {
        $found = @($found | Where-Object -FilterScript { $FilterHashtable.Id -contains $_.Id })
    }
    if ($found.Count -eq 0) {
        Write-FakeError -Cmdlet $PSCmdlet -Id 'NoMatchingEventsFound' -Category 'ObjectNotFound'
        return
    }
    $found | Sort-Object -Property 'TimeCreated' -Descending | Select-Object -First $MaxEvents
}

function Test-Path {
    [CmdletBinding()]
    param([string]$LiteralPath, [string]$PathType = 'Any')
    if ($LiteralPath.StartsWith('HKLM:')) {
        return $global:Fake.Registry.ContainsKey($LiteralPath)
    }
    return Microsoft.PowerShell.Management\Test-Path -LiteralPath $LiteralPath -PathType $PathType
}

function Get-ItemProperty {
    [CmdletBinding()]
    param([string]$LiteralPath, [string]$Name)
    return [pscustomobject]$global:Fake.Registry[$LiteralPath]
}

function New-Item {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$Path, [switch]$Force)
    $global:Fake.Registry[$Path] = @{}
}

function New-ItemProperty {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$LiteralPath, [string]$Name, [object]$Value, [string]$PropertyType, [switch]$Force)
    Add-FakeCall -Text "New-ItemProperty $Name"
    $global:Fake.Registry[$LiteralPath][$Name] = $Value
}

function Get-ChildItem {
    [CmdletBinding()]
    param([string]$LiteralPath)
    foreach ($key in @($global:Fake.Registry.Keys)) {
        if ($key.StartsWith("$LiteralPath\")) {
            [pscustomobject]@{ PSChildName = $key.Substring($LiteralPath.Length + 1).Split('\')[0] }
        }
    }
}

function Get-WSManInstance {
    [CmdletBinding()]
    param([string]$ResourceURI)
    return [pscustomobject]@{ MaxShellsPerUser = '30'; MaxMemoryPerShellMB = '2147483647'; TrustedHosts = 'old-host' }
}

function Set-WSManInstance {
    [CmdletBinding()]
    param([string]$ResourceURI, [hashtable]$ValueSet)
    Add-FakeCall -Text "Set-WSManInstance $($ValueSet.TrustedHosts)"
}

# --- virtual machines ---------------------------------------------------------------------------------------------------

function Get-VMHost {
    [CmdletBinding()]
    param()
    return [pscustomobject]@{ VirtualHardDiskPath = [System.IO.Path]::Combine($PWD.ProviderPath, 'disks'); VirtualMachinePath = [System.IO.Path]::Combine($PWD.ProviderPath, 'machines') }
}

function Get-VMHostSupportedVersion {
    [CmdletBinding()]
    param()
    [pscustomobject]@{ Version = [version]'9.0'; IsDefault = $false }
    [pscustomobject]@{ Version = [version]'10.0'; IsDefault = $true }
}

function Add-FakeVM {
    # A VM as a test wants to find it.
    param([string]$Name, [string]$State = 'Off', [string]$Version = '10.0', [long]$MemoryMib = 8192, [string]$Notes = '', [string]$Folder = '/somewhere', [int]$Adapters = 1, [int]$Checkpoints = 0)
    $vm = [pscustomobject]@{
        Name = $Name; Id = [guid]::NewGuid(); State = [VMState]$State; Version = $Version; Generation = 2; Notes = $Notes; MemoryStartup = $MemoryMib * 1mb
        MemoryAssigned = [long]0; DynamicMemoryEnabled = $true; AutomaticCheckpointsEnabled = $true; Heartbeat = $null; Uptime = [timespan]::FromSeconds(0)
        ConfigurationLocation = "$Folder/$Name"; ProcessorCount = [long]2; Exposed = $false; Checkpoints = $Checkpoints
        Ports = New-Object -TypeName 'System.Collections.Generic.List[object]'; Drives = New-Object -TypeName 'System.Collections.Generic.List[object]'
    }
    for ($i = 0; $i -lt $Adapters; $i++) {
        $vm.Ports.Add((New-FakePort -SwitchName 'mk-lab'))
    }
    $global:Fake.VMs.Add($vm)
    return $vm
}

function New-FakePort {
    param([string]$SwitchName)
    return [pscustomobject]@{ Name = 'Network Adapter'; SwitchName = $SwitchName; Connected = ($SwitchName -ne ''); MacAddress = '000000000000'; MacAddressSpoofing = [OnOffState]'Off'; IPAddresses = @() }
}

function Get-VM {
    [CmdletBinding()]
    param([guid]$Id)
    if (-not $PSBoundParameters.ContainsKey('Id')) {
        return $global:Fake.VMs.ToArray()
    }
    foreach ($vm in $global:Fake.VMs) {
        if ($vm.Id -eq $Id) {
            return $vm
        }
    }
    Write-FakeError -Cmdlet $PSCmdlet -Id 'InvalidParameter,Microsoft.HyperV.PowerShell.Commands.GetVM' -Category 'InvalidArgument' -Target $Id
}

function New-VM {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$Name, [long]$MemoryStartupBytes, [int16]$Generation, [string]$VHDPath, [switch]$NoVHD, [string]$Path, [string]$SwitchName, [version]$Version, [switch]$Force)
    Add-FakeCall -Text "New-VM $Name"
    $vm = Add-FakeVM -Name $Name -MemoryMib ($MemoryStartupBytes / 1mb) -Folder $Path -Adapters 0
    $vm.Generation = $Generation
    if ($Version) {
        $vm.Version = $Version.ToString()
    }
    $vm.Ports.Add((New-FakePort -SwitchName $SwitchName))
    if ($VHDPath) {
        $vm.Drives.Add([pscustomobject]@{ Path = $VHDPath })
    }
    return $vm
}

function Set-VM {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([object]$VM, [string]$Notes, [string]$CheckpointType, [string]$AutomaticStopAction, [string]$AutomaticStartAction, [bool]$AutomaticCheckpointsEnabled, [long]$ProcessorCount, [switch]$StaticMemory, [long]$MemoryStartupBytes)
    Add-FakeCall -Text "Set-VM $(@($PSBoundParameters.Keys | Where-Object -FilterScript { 'VM', 'Confirm', 'ErrorAction' -notcontains $_ } | Sort-Object) -join ' ')"
    foreach ($name in 'Notes', 'AutomaticCheckpointsEnabled', 'ProcessorCount') {
        if ($PSBoundParameters.ContainsKey($name)) {
            $VM.$name = $PSBoundParameters[$name]
        }
    }
    if ($StaticMemory) {
        $VM.DynamicMemoryEnabled = $false
        $VM.MemoryStartup = $MemoryStartupBytes
    }
}

function Start-VM {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([object]$VM)
    Add-FakeCall -Text 'Start-VM'
    if ($global:Fake.Refuse -eq 'Start-VM') {
        Write-FakeError -Cmdlet $PSCmdlet -Id 'OutOfMemory,Microsoft.HyperV.PowerShell.Commands.StartVM' -Category 'FromStdErr'
        return
    }
    $VM.State = [VMState]'Running'
    $VM.Heartbeat = [VMHeartbeatStatus]'OkApplicationsHealthy'
    $VM.MemoryAssigned = $VM.MemoryStartup
    $VM.Uptime = [timespan]::FromMinutes(30)
}

function Stop-VM {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([object]$VM, [switch]$TurnOff, [switch]$Save, [switch]$Force)
    Add-FakeCall -Text "Stop-VM$(if ($TurnOff) { ' -TurnOff' })"
    $VM.State = [VMState]'Off'
    $VM.Heartbeat = $null
}

function Remove-VM {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([object]$VM, [switch]$Force)
    Add-FakeCall -Text 'Remove-VM'
    $null = $global:Fake.VMs.Remove($VM)
}

function Get-VMProcessor {
    [CmdletBinding()]
    param([object]$VM)
    return [pscustomobject]@{ Count = $VM.ProcessorCount; ExposeVirtualizationExtensions = $VM.Exposed }
}

function Set-VMProcessor {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([object]$VM, [bool]$ExposeVirtualizationExtensions)
    Add-FakeCall -Text "Set-VMProcessor $ExposeVirtualizationExtensions"
    if ($global:Fake.Ignore -ne 'Set-VMProcessor') {
        $VM.Exposed = $ExposeVirtualizationExtensions
    }
}

function Get-VMMemory {
    [CmdletBinding()]
    param([object]$VM)
    return [pscustomobject]@{ Startup = $VM.MemoryStartup; DynamicMemoryEnabled = $VM.DynamicMemoryEnabled }
}

function Set-VMMemory {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([object]$VM, [bool]$DynamicMemoryEnabled, [long]$StartupBytes)
    Add-FakeCall -Text "Set-VMMemory $DynamicMemoryEnabled $($StartupBytes / 1mb)"
    $VM.DynamicMemoryEnabled = $DynamicMemoryEnabled
    $VM.MemoryStartup = $StartupBytes
}

function Get-VMSnapshot {
    [CmdletBinding()]
    param([object]$VM)
    for ($i = 0; $i -lt $VM.Checkpoints; $i++) {
        [pscustomobject]@{ Name = "checkpoint $i" }
    }
}

function Get-VMNetworkAdapter {
    [CmdletBinding()]
    param([object]$VM, [switch]$ManagementOS)
    if ($ManagementOS) {
        return @($global:Fake.Switches | ForEach-Object -Process { [pscustomobject]@{ SwitchId = $_.Id; DeviceId = "{$($_.Id)}" } })
    }
    return $VM.Ports.ToArray()
}

function Set-VMNetworkAdapter {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([object]$VMNetworkAdapter, [string]$MacAddressSpoofing, [string]$StaticMacAddress)
    Add-FakeCall -Text "Set-VMNetworkAdapter $MacAddressSpoofing$StaticMacAddress"
    if ($MacAddressSpoofing) {
        $VMNetworkAdapter.MacAddressSpoofing = [OnOffState]$MacAddressSpoofing
    }
    if ($StaticMacAddress) {
        $VMNetworkAdapter.MacAddress = $StaticMacAddress
    }
}

function Connect-VMNetworkAdapter {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([object]$VMNetworkAdapter, [string]$SwitchName)
    $VMNetworkAdapter.SwitchName = $SwitchName
}

function Get-VMHardDiskDrive {
    [CmdletBinding()]
    param([object]$VM)
    return $VM.Drives.ToArray()
}

function Add-VMHardDiskDrive {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([object]$VM, [string]$ControllerType, [string]$Path)
    Add-FakeCall -Text 'Add-VMHardDiskDrive'
    $VM.Drives.Add([pscustomobject]@{ Path = $Path })
}

# --- disks --------------------------------------------------------------------------------------------------------------

function Get-VHD {
    [CmdletBinding()]
    param([string]$Path)
    if (-not $global:Fake.Vhds.ContainsKey($Path)) {
        $global:Fake.Vhds[$Path] = [pscustomobject]@{ Path = $Path; ParentPath = ''; Size = [uint64]10737418240; VhdType = [VhdType]'Dynamic'; VhdFormat = [VhdFormat]'VHDX'; Attached = $false; DiskNumber = $null }
    }
    return $global:Fake.Vhds[$Path]
}

function New-VHD {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$Path, [string]$ParentPath, [uint64]$SizeBytes, [switch]$Differencing, [switch]$Dynamic)
    Add-FakeCall -Text 'New-VHD'
    [System.IO.File]::WriteAllText($Path, 'a disk')
    $vhd = Get-VHD -Path $Path
    if ($Differencing) {
        $vhd.ParentPath = $ParentPath
        $vhd.VhdType = [VhdType]'Differencing'
    }
    else {
        $vhd.Size = $SizeBytes
    }
    return $vhd
}

function Mount-VHD {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$Path, [switch]$NoDriveLetter)
    Add-FakeCall -Text 'Mount-VHD'
    $vhd = Get-VHD -Path $Path
    $vhd.Attached = $true
    $vhd.DiskNumber = [uint32]7
}

function Dismount-VHD {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$Path)
    Add-FakeCall -Text 'Dismount-VHD'
    (Get-VHD -Path $Path).Attached = $false
}

function Get-Disk {
    [CmdletBinding()]
    param([uint32]$Number)
    return [pscustomobject]@{ IsOffline = $true; IsReadOnly = $false }
}

function Set-Disk {
    [CmdletBinding()]
    param([uint32]$Number, [bool]$IsOffline, [bool]$IsReadOnly)
    Add-FakeCall -Text "Set-Disk $Number"
}

function Get-Partition {
    [CmdletBinding()]
    param([uint32]$DiskNumber)
    [pscustomobject]@{ PartitionNumber = [uint32]1; GptType = '{c12a7328-f81f-11d2-ba4b-00a0c93ec93b}'; MbrType = $null }
    [pscustomobject]@{ PartitionNumber = [uint32]3; GptType = '{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}'; MbrType = $null }
    [pscustomobject]@{ PartitionNumber = [uint32]4; GptType = '{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}'; MbrType = $null }
}

function Add-PartitionAccessPath {
    # The folder becomes a link to what the partition holds: DiskRoot/<number>.
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([uint32]$DiskNumber, [uint32]$PartitionNumber, [string]$AccessPath)
    Add-FakeCall -Text "Add-PartitionAccessPath $PartitionNumber"
    [System.IO.Directory]::Delete($AccessPath)
    $null = [System.IO.Directory]::CreateSymbolicLink($AccessPath, "$($global:Fake.DiskRoot)/$PartitionNumber")
}

function Remove-PartitionAccessPath {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([uint32]$DiskNumber, [uint32]$PartitionNumber, [string]$AccessPath)
    Add-FakeCall -Text "Remove-PartitionAccessPath $PartitionNumber"
    [System.IO.File]::Delete($AccessPath)
    $null = [System.IO.Directory]::CreateDirectory($AccessPath)
}

# --- network ------------------------------------------------------------------------------------------------------------

function Get-VMSwitch {
    [CmdletBinding()]
    param()
    return $global:Fake.Switches.ToArray()
}

function New-VMSwitch {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$Name, [string]$SwitchType, [string]$Notes)
    Add-FakeCall -Text "New-VMSwitch $Name"
    $index = 10 + $global:Fake.Switches.Count
    $made = [pscustomobject]@{ Name = $Name; Id = [guid]::NewGuid(); SwitchType = [VMSwitchType]$SwitchType; Notes = $Notes; AllowManagementOS = $true }
    $global:Fake.Switches.Add($made)
    $global:Fake.NetAdapters.Add([pscustomobject]@{ InterfaceIndex = [uint32]$index; InterfaceGuid = "{$($made.Id)}"; MacAddress = "00-15-5D-00-00-$index"; Status = 'Up' })
    return $made
}

function Remove-VMSwitch {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([object]$VMSwitch, [switch]$Force)
    $null = $global:Fake.Switches.Remove($VMSwitch)
}

function Get-NetAdapter {
    [CmdletBinding()]
    param([switch]$IncludeHidden)
    return $global:Fake.NetAdapters.ToArray()
}

function Get-NetIPAddress {
    [CmdletBinding()]
    param([string]$AddressFamily)
    return $global:Fake.Addresses.ToArray()
}

function New-NetIPAddress {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([uint32]$InterfaceIndex, [string]$IPAddress, [byte]$PrefixLength)
    Add-FakeCall -Text "New-NetIPAddress $IPAddress/$PrefixLength"
    $state = 'Preferred'
    if ($IPAddress -eq '10.77.1.66') {
        $state = 'Duplicate'
    }
    $global:Fake.Addresses.Add([pscustomobject]@{ InterfaceIndex = $InterfaceIndex; IPAddress = $IPAddress; PrefixLength = $PrefixLength; PrefixOrigin = 'Manual'; AddressState = $state })
}

function Remove-NetIPAddress {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([uint32]$InterfaceIndex, [string]$IPAddress)
    Add-FakeCall -Text "Remove-NetIPAddress $IPAddress"
    $null = $global:Fake.Addresses.RemoveAll({ param($a) $a.IPAddress -eq $IPAddress })
}

function Set-NetIPInterface {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([uint32]$InterfaceIndex, [string]$AddressFamily, [string]$Dhcp)
    Add-FakeCall -Text "Set-NetIPInterface $Dhcp"
}

function Get-NetRoute {
    [CmdletBinding()]
    param([string]$AddressFamily)
    return $global:Fake.Routes.ToArray()
}

function New-NetRoute {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([uint32]$InterfaceIndex, [string]$DestinationPrefix, [string]$NextHop)
    Add-FakeCall -Text "New-NetRoute $NextHop"
    $global:Fake.Routes.Add([pscustomobject]@{ InterfaceIndex = $InterfaceIndex; DestinationPrefix = $DestinationPrefix; NextHop = $NextHop })
}

function Remove-NetRoute {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([uint32]$InterfaceIndex, [string]$DestinationPrefix)
    Add-FakeCall -Text 'Remove-NetRoute'
    $global:Fake.Routes.Clear()
}

function Get-DnsClientServerAddress {
    [CmdletBinding()]
    param([string]$AddressFamily)
    foreach ($adapter in $global:Fake.NetAdapters) {
        [pscustomobject]@{ InterfaceIndex = $adapter.InterfaceIndex; ServerAddresses = $global:Fake.Dns }
    }
}

function Set-DnsClientServerAddress {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([uint32]$InterfaceIndex, [string[]]$ServerAddresses)
    Add-FakeCall -Text "Set-DnsClientServerAddress $($ServerAddresses -join ' ')"
    $global:Fake.Dns = $ServerAddresses
}

function Get-NetConnectionProfile {
    [CmdletBinding()]
    param()
    foreach ($adapter in $global:Fake.NetAdapters) {
        [pscustomobject]@{ InterfaceIndex = $adapter.InterfaceIndex; NetworkCategory = $global:Fake.Network }
    }
}

function Set-NetConnectionProfile {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([uint32]$InterfaceIndex, [string]$NetworkCategory)
    Add-FakeCall -Text "Set-NetConnectionProfile $NetworkCategory"
    $global:Fake.Network = $NetworkCategory
}

function Get-NetNat {
    [CmdletBinding()]
    param()
    return $global:Fake.Nats.ToArray()
}

function New-NetNat {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$Name, [string]$InternalIPInterfaceAddressPrefix)
    $made = [pscustomobject]@{ Name = $Name; InternalIPInterfaceAddressPrefix = $InternalIPInterfaceAddressPrefix }
    $global:Fake.Nats.Add($made)
    return $made
}

function Remove-NetNat {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$Name)
    $null = $global:Fake.Nats.RemoveAll({ param($n) $n.Name -eq $Name })
}

function Get-NetFirewallRule {
    [CmdletBinding()]
    param([string]$Group)
    if ($Group -eq '@none') {
        Write-FakeError -Cmdlet $PSCmdlet -Id 'CmdletizationQuery_NotFound_Group' -Category 'ObjectNotFound' -Target $Group
        return
    }
    $enabled = $global:Fake.Calls.Contains("Enable-NetFirewallRule $Group").ToString()
    [pscustomobject]@{ Name = "$Group-1"; Enabled = 'True' }
    [pscustomobject]@{ Name = "$Group-2"; Enabled = $enabled }
}

function Enable-NetFirewallRule {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$Group)
    Add-FakeCall -Text "Enable-NetFirewallRule $Group"
}

# --- roles and domain ---------------------------------------------------------------------------------------------------

function Get-WindowsFeature {
    [CmdletBinding()]
    param([string[]]$Name)
    foreach ($feature in $Name) {
        if ($global:Fake.Features.ContainsKey($feature)) {
            [pscustomobject]@{ Name = $feature; InstallState = [InstallState]$global:Fake.Features[$feature] }
        }
    }
}

function Install-WindowsFeature {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string[]]$Name, [switch]$IncludeManagementTools)
    Add-FakeCall -Text "Install-WindowsFeature $($Name -join ' ')"
    if ($global:Fake.Refuse -eq 'Install-WindowsFeature' -and $Name -contains 'Hyper-V') {
        Write-FakeError -Cmdlet $PSCmdlet -Id 'Alteration_PrerequisiteCheck_Failed,Microsoft.Windows.ServerManager.Commands.AddWindowsFeatureCommand' -Category 'InvalidOperation' -Target 'Hyper-V'
        return
    }
    $restart = 'No'
    foreach ($feature in $Name) {
        $global:Fake.Features[$feature] = 'Installed'
        if ($feature -eq 'Hyper-V') {
            $global:Fake.Features[$feature] = 'InstallPending'
            $restart = 'Yes'
        }
    }
    return [pscustomobject]@{ Success = $true; RestartNeeded = $restart; ExitCode = 'SuccessRestartRequired' }
}

function Enable-WindowsOptionalFeature {
    [CmdletBinding()]
    param([switch]$Online, [string]$FeatureName, [switch]$All, [switch]$NoRestart)
    Add-FakeCall -Text "Enable-WindowsOptionalFeature $FeatureName"
    $global:Fake.Features['Hyper-V'] = 'InstallPending'
    return [pscustomobject]@{ RestartNeeded = $false }
}

function Add-Computer {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$DomainName, [pscredential]$Credential, [string]$OUPath, [switch]$Force)
    Add-FakeCall -Text "Add-Computer $DomainName $OUPath"
    $global:Fake.Domain = $DomainName
}

function Start-Process {
    [CmdletBinding()]
    param([string]$FilePath, [string[]]$ArgumentList, [switch]$NoNewWindow, [switch]$Wait, [switch]$PassThru)
    Add-FakeCall -Text "Start-Process $([System.IO.Path]::GetFileName($FilePath)) $($ArgumentList -join ' ')"
    return [pscustomobject]@{ ExitCode = 1190 }
}

# --- clusters -----------------------------------------------------------------------------------------------------------

function Get-Cluster {
    [CmdletBinding()]
    param()
    return $global:Fake.Cluster
}

function New-Cluster {
    [CmdletBinding()]
    param([string]$Name, [string[]]$Node, [string]$StaticAddress, [string]$AdministrativeAccessPoint, [switch]$NoStorage, [switch]$Force)
    Add-FakeCall -Text "New-Cluster $Name $($Node -join ' ')"
    if ($global:Fake.Refuse -eq 'New-Cluster') {
        Write-FakeError -Cmdlet $PSCmdlet -Id 'New-Cluster,Microsoft.FailoverClusters.PowerShell.NewClusterCommand' -Category 'NotSpecified'
        return
    }
    $global:Fake.Services['ClusSvc'] = 'Running'
    $global:Fake.Cluster = [pscustomobject]@{ Name = $Name; AdministrativeAccessPoint = [AdminAccessPoint]$AdministrativeAccessPoint; S2DEnabled = [uint32]0; Address = $StaticAddress; Nodes = (New-Object -TypeName 'System.Collections.Generic.List[object]'); Witness = $null }
    foreach ($one in $Node) {
        $global:Fake.Cluster.Nodes.Add([pscustomobject]@{ Name = $one; State = [ClusterNodeState]'Up' })
    }
    return $global:Fake.Cluster
}

function Clear-ClusterNode {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([switch]$Force)
    Add-FakeCall -Text 'Clear-ClusterNode'
}

function Get-ClusterNode {
    [CmdletBinding()]
    param()
    return $global:Fake.Cluster.Nodes.ToArray()
}

function Add-ClusterNode {
    [CmdletBinding()]
    param([string]$Name, [switch]$NoStorage)
    Add-FakeCall -Text "Add-ClusterNode $Name"
    $global:Fake.Cluster.Nodes.Add([pscustomobject]@{ Name = $Name; State = [ClusterNodeState]'Up' })
}

function Remove-ClusterNode {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$Name, [switch]$Force)
    Add-FakeCall -Text "Remove-ClusterNode $Name"
    $null = $global:Fake.Cluster.Nodes.RemoveAll({ param($n) $n.Name -eq $Name })
}

function Start-ClusterNode {
    [CmdletBinding()]
    param([string]$Name)
    Add-FakeCall -Text "Start-ClusterNode $Name"
    if ($global:Fake.Refuse -eq 'Start-ClusterNode') {
        Write-FakeError -Cmdlet $PSCmdlet -Id 'Start-ClusterNode,Microsoft.FailoverClusters.PowerShell.StartNodeCommand' -Category 'NotSpecified'
    }
}

function Get-ClusterResource {
    [CmdletBinding()]
    param()
    [pscustomobject]@{ Name = 'Cluster Name'; ResourceType = 'Network Name'; IsCoreResource = $true }
    [pscustomobject]@{ Name = 'Clusteradresse'; ResourceType = 'IP Address'; IsCoreResource = $true }
}

function Get-ClusterParameter {
    [CmdletBinding()]
    param([object]$InputObject, [string]$Name)
    if ($InputObject.ResourceType -eq 'IP Address') {
        return [pscustomobject]@{ Name = 'Address'; Value = $global:Fake.Cluster.Address }
    }
    return [pscustomobject]@{ Name = $InputObject.Kept.Name; Value = $InputObject.Kept.Value }
}

function Get-ClusterQuorum {
    [CmdletBinding()]
    param()
    return [pscustomobject]@{ QuorumType = [ClusterQuorumType]'Majority'; QuorumResource = $global:Fake.Cluster.Witness }
}

function Set-ClusterQuorum {
    [CmdletBinding()]
    param([switch]$NoWitness, [string]$FileShareWitness, [string]$DiskWitness, [switch]$CloudWitness, [string]$AccountName, [string]$AccessKey, [string]$Endpoint)
    Add-FakeCall -Text "Set-ClusterQuorum $FileShareWitness$DiskWitness$AccountName $AccessKey$Endpoint"
    $global:Fake.Cluster.Witness = $null
    if ($FileShareWitness) {
        $global:Fake.Cluster.Witness = [pscustomobject]@{ Name = 'File Share Witness'; ResourceType = 'File Share Witness'; Kept = @{ Name = 'SharePath'; Value = $FileShareWitness } }
    }
    if ($CloudWitness) {
        $global:Fake.Cluster.Witness = [pscustomobject]@{ Name = 'Cloud Witness'; ResourceType = 'Cloud Witness'; Kept = @{ Name = 'AccountName'; Value = $AccountName } }
    }
    if ($DiskWitness) {
        $global:Fake.Cluster.Witness = [pscustomobject]@{ Name = $DiskWitness; ResourceType = 'Physical Disk' }
    }
}

function Enable-ClusterStorageSpacesDirect {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$PoolFriendlyName, [string]$CacheState, [switch]$SkipEligibilityChecks)
    Add-FakeCall -Text "Enable-ClusterStorageSpacesDirect $PoolFriendlyName"
    $global:Fake.Cluster.S2DEnabled = [uint32]1
}

function Get-StoragePool {
    [CmdletBinding()]
    param()
    return [pscustomobject]@{ FriendlyName = 'S2D pool'; HealthStatus = 'Healthy' }
}

function Remove-Cluster {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([switch]$Force, [switch]$CleanupAD)
    Add-FakeCall -Text "Remove-Cluster $CleanupAD"
    $global:Fake.Cluster = $null
    $global:Fake.Services['ClusSvc'] = 'Stopped'
}

function Test-Cluster {
    # Leaves a data file of the shape that Windows writes, beside the report.
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string[]]$Node, [string[]]$Include, [string]$ReportName)
    $path = [System.IO.Path]::Combine($PWD.ProviderPath, "$ReportName.htm")
    [System.IO.File]::WriteAllText($path, '<html/>')
    if ($global:Fake.Refuse -ne 'report') {
        [System.IO.File]::Copy("$PSScriptRoot/validation.xml", "$PWD/Validation Data For Node Set.xml", $true)
        [System.IO.File]::SetLastWriteTimeUtc("$PWD/Validation Data For Node Set.xml", [datetime]::UtcNow)
    }
    return New-Object -TypeName 'System.IO.FileInfo' -ArgumentList $path
}

# --- guests -------------------------------------------------------------------------------------------------------------

function Invoke-Command {
    # A guest is another process of this engine, reached over real PowerShell remoting (a job).
    [CmdletBinding()]
    param([guid]$VMId, [string]$ComputerName, [pscredential]$Credential, [scriptblock]$ScriptBlock, [object[]]$ArgumentList)
    $refuse = $global:Fake.Refuse
    if ($refuse -like '*Exception') {
        $exception = New-Object -TypeName "System.Management.Automation.Remoting.$refuse" -ArgumentList 'refused'
        $PSCmdlet.ThrowTerminatingError((New-Object -TypeName 'System.Management.Automation.ErrorRecord' -ArgumentList $exception, 'PSSessionStateBroken', 'OpenError', $VMId))
    }
    if ($refuse -eq 'InvalidVMState') {
        $exception = New-Object -TypeName 'System.ArgumentException' -ArgumentList 'refused'
        $PSCmdlet.ThrowTerminatingError((New-Object -TypeName 'System.Management.Automation.ErrorRecord' -ArgumentList $exception, 'InvalidVMState', 'InvalidArgument', $VMId))
    }
    if ($ScriptBlock.ToString() -match 'ImageState') {
        return $global:Fake.ImageState
    }
    Add-FakeCall -Text "Invoke-Command $($ArgumentList[1].Length -gt 0)"
    $job = Start-Job -ScriptBlock ([scriptblock]::Create($ScriptBlock.ToString())) -ArgumentList $ArgumentList
    try {
        Receive-Job -Job $job -Wait
    }
    finally {
        Remove-Job -Job $job -Force
    }
}

Export-ModuleMember -Function '*' -Variable @()
