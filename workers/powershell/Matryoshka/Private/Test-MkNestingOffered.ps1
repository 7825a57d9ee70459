function Test-MkNestingOffered {
    # Whether the boot configuration lets the hypervisor offer nesting: hypervisorloadoptions (element 22000117) of any boot
    # entry with OFFERNESTEDVIRT=FALSE forbids it. Read from the registry, because bcdedit answers in the user's language.
    # The hive is readable for administrators only; others get $true.
    [CmdletBinding()]
    [OutputType([bool])]
    param()

    $objects = 'HKLM:\BCD00000000\Objects'
    if (-not (Test-Path -LiteralPath $objects)) {
        return $true
    }
    foreach ($entry in @(Get-ChildItem -LiteralPath $objects -ErrorAction Ignore)) {
        $options = Get-MkRegistryValue -Path "$objects\$($entry.PSChildName)\Elements\22000117" -Name 'Element'
        if ([string]$options -match '(?i)OFFERNESTEDVIRT\s*=\s*FALSE') {
            return $false
        }
    }
    return $true
}
