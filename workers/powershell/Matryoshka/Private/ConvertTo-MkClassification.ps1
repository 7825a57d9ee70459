function ConvertTo-MkClassification {
    # What a machine is to virtualization, by the readings of docs/sources.md H6. HypervisorPresent alone proves nothing: it is
    # true in every guest. No event log counts as 'not launched here'.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [bool]$HypervisorPresent,

        [bool]$GuestMarker,

        [bool]$MonitorMode,

        [AllowNull()]
        [object]$Launched
    )
    if (-not $GuestMarker) {
        if ($HypervisorPresent) {
            return 'root'
        }
        return 'metal'
    }
    if ($MonitorMode) {
        return 'guest_exposed'
    }
    if ($Launched -eq $true) {
        return 'guest_root'
    }
    return 'guest_not_exposed'
}
