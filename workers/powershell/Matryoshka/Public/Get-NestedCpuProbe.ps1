function Get-NestedCpuProbe {
    <#
    .SYNOPSIS
    Reads whether this machine's processor shows virtualization, and says what the machine is.

    .DESCRIPTION
    The same reading at every level (host, node, nested VM), so that a lab can prove what each level sees. The processor bits
    must be set on every socket. Classification: metal, root, guest_exposed, guest_root, guest_not_exposed.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with ComputerName, CpuVendor, CpuName, HypervisorPresent, VMMonitorModeExtensions,
    SecondLevelAddressTranslation, VirtualizationFirmwareEnabled, MicrocodeSignature, GuestMarker, HyperVInstalled,
    HypervisorLaunched ($null when there is no event log) and Classification.

    .EXAMPLE
    Get-NestedCpuProbe
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param()

    $cpus = @(Get-CimInstance -ClassName 'Win32_Processor' -ErrorAction Stop)
    $present = [bool](Get-CimInstance -ClassName 'Win32_ComputerSystem' -Property 'HypervisorPresent' -ErrorAction Stop).HypervisorPresent
    $monitor = Test-MkEvery -InputObject $cpus -Property 'VMMonitorModeExtensions'
    $marker = Test-MkGuestMarker
    $launch = Get-MkHypervisorLaunch -BootedAt (Get-MkBoot).BootedAt
    return [pscustomobject][ordered]@{
        ComputerName                  = [System.Environment]::MachineName
        CpuVendor                     = [string]$cpus[0].Manufacturer
        CpuName                       = ([string]$cpus[0].Name).Trim()
        HypervisorPresent             = $present
        VMMonitorModeExtensions       = $monitor
        SecondLevelAddressTranslation = Test-MkEvery -InputObject $cpus -Property 'SecondLevelAddressTranslationExtensions'
        VirtualizationFirmwareEnabled = Test-MkEvery -InputObject $cpus -Property 'VirtualizationFirmwareEnabled'
        MicrocodeSignature            = Get-MkMicrocode
        GuestMarker                   = $marker
        HyperVInstalled               = ($null -ne (Get-MkService -Name 'vmms'))
        HypervisorLaunched            = $launch.Launched
        Classification                = ConvertTo-MkClassification -HypervisorPresent $present -GuestMarker $marker -MonitorMode $monitor -Launched $launch.Launched
    }
}
