function Get-MkSwitch {
    # The virtual switch of a name, $null when there is none. Of several with one name the owner's comes first.
    # All are listed: a name that is absent is an error to Get-VMSwitch, and a name may hold wildcard characters.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name,

        [string]$Owner = ''
    )
    $found = @(Get-VMSwitch -ErrorAction Stop | Where-Object -FilterScript { $_.Name -eq $Name })
    foreach ($vmSwitch in $found) {
        if ($Owner -ne '' -and (ConvertFrom-MkNote -Note $vmSwitch.Notes).Owner -eq $Owner) {
            return $vmSwitch
        }
    }
    if ($found.Count -eq 0) {
        return $null
    }
    return $found[0]
}
