function Get-MkVMByName {
    # The virtual machines of a name. Names are not unique in Hyper-V, may hold wildcard characters, and an absent one is an
    # error to Get-VM: all are listed.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name
    )
    Get-VM -ErrorAction Stop | Where-Object -FilterScript { $_.Name -eq $Name }
}
