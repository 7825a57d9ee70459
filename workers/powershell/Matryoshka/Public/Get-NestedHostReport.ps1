function Get-NestedHostReport {
    <#
    .SYNOPSIS
    Describes this machine as a Hyper-V host: processor, Windows, memory, volumes, switches, virtual machines and limits.

    .DESCRIPTION
    Reads only. What Hyper-V alone can tell is $null or empty where Hyper-V is not installed or does not answer.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with ComputerName, OsCaption, OsBuild, InstallationType, CpuVendor, CpuName, SocketCount,
    LogicalProcessorCount, MemoryTotalMib, MemoryFreeMib, HyperVInstalled, HypervisorPresent, VbsRunning, NestedVirtOffered,
    IsVirtualMachine, IsAdministrator, IsHyperVAdministrator, DefaultVMVersion, SupportedVMVersions, VirtualHardDiskPath, Volumes,
    Switches, VMs, MaxShellsPerUser and MaxMemoryPerShellMB.

    .EXAMPLE
    Get-NestedHostReport | ConvertTo-Json -Depth 4
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param()

    $system = Get-CimInstance -ClassName 'Win32_OperatingSystem' -ErrorAction Stop
    $computer = Get-CimInstance -ClassName 'Win32_ComputerSystem' -ErrorAction Stop
    $cpus = @(Get-CimInstance -ClassName 'Win32_Processor' -ErrorAction Stop)
    $hyperV = Get-MkHyperVReport
    $quota = Get-MkShellQuota
    return [pscustomobject][ordered]@{
        ComputerName          = [System.Environment]::MachineName
        OsCaption             = [string]$system.Caption
        OsBuild               = [int]$system.BuildNumber
        InstallationType      = Get-MkRegistryValue -Path 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion' -Name 'InstallationType'
        CpuVendor             = [string]$cpus[0].Manufacturer
        CpuName               = ([string]$cpus[0].Name).Trim()
        SocketCount           = $cpus.Count
        LogicalProcessorCount = [int]$computer.NumberOfLogicalProcessors
        MemoryTotalMib        = [long][System.Math]::Floor($computer.TotalPhysicalMemory / 1mb)
        MemoryFreeMib         = [long][System.Math]::Floor($system.FreePhysicalMemory / 1kb)
        HyperVInstalled       = ($null -ne (Get-MkService -Name 'vmms'))
        HypervisorPresent     = [bool]$computer.HypervisorPresent
        VbsRunning            = Test-MkVbsRunning
        NestedVirtOffered     = Test-MkNestingOffered
        IsVirtualMachine      = Test-MkGuestMarker
        IsAdministrator       = Test-MkRole -Sid 'S-1-5-32-544'
        IsHyperVAdministrator = Test-MkRole -Sid 'S-1-5-32-578'
        DefaultVMVersion      = $hyperV.DefaultVMVersion
        SupportedVMVersions   = [string[]]$hyperV.SupportedVMVersions
        VirtualHardDiskPath   = $hyperV.VirtualHardDiskPath
        Volumes               = @(Get-MkVolume)
        Switches              = $hyperV.Switches
        VMs                   = $hyperV.VMs
        MaxShellsPerUser      = $quota.MaxShellsPerUser
        MaxMemoryPerShellMB   = $quota.MaxMemoryPerShellMB
    }
}
