function Assert-MkNestingPossible {
    # Ends the calling function when this host, or this VM's configuration version, cannot nest (docs/sources.md H2, H3): Intel
    # from build 14393 with version 8.0 (the previews from 10565 without one, and without VBS on the host), AMD from build 20348 with 9.3.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [object]$VM
    )
    $vendor = [string]@(Get-CimInstance -ClassName 'Win32_Processor' -Property 'Manufacturer' -ErrorAction Stop)[0].Manufacturer
    $build = [int](Get-CimInstance -ClassName 'Win32_OperatingSystem' -Property 'BuildNumber' -ErrorAction Stop).BuildNumber
    $reason = ''
    $lowest = [version]'8.0'
    if ($vendor -eq 'AuthenticAMD') {
        $lowest = [version]'9.3'
        if ($build -lt 20348) {
            $reason = "AMD processors nest from build 20348, this is $build"
        }
    }
    elseif ($vendor -ne 'GenuineIntel') {
        $reason = "processors of '$vendor' do not nest"
    }
    elseif ($build -lt 10565 -or -not (Test-MkParameter -Command 'Set-VMProcessor' -Parameter 'ExposeVirtualizationExtensions')) {
        $reason = "build $build does not know nesting"
    }
    elseif ($build -lt 14361) {
        $lowest = [version]'0.0'
        if (Test-MkVbsRunning) {
            $reason = 'virtualization-based security runs, which forbids it before build 14361'
        }
    }
    if ($reason -eq '' -and -not (Test-MkNestingOffered)) {
        $reason = 'the boot configuration forbids it (OFFERNESTEDVIRT=FALSE)'
    }
    if ($reason -ne '') {
        $message = "This host cannot nest: $reason."
        Stop-MkFunction -Cmdlet $Cmdlet -Id 'HostCannotNest' -Category NotImplemented -Message $message -TargetObject $VM.Id.ToString()
    }
    if ([version]$VM.Version -lt $lowest) {
        $message = "'$($VM.Name)' has the configuration version $($VM.Version); nesting needs $lowest."
        Stop-MkFunction -Cmdlet $Cmdlet -Id 'VmVersionTooLow' -Category InvalidOperation -Message $message -TargetObject $VM.Id.ToString()
    }
}
