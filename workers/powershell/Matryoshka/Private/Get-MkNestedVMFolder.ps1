function Get-MkNestedVMFolder {
    # Where an owner's nested VMs keep their configuration and disks: a folder of the owner's below Hyper-V's own ones.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Owner
    )
    $vmHost = Get-VMHost -ErrorAction Stop
    return @{
        Configuration = [System.IO.Path]::Combine($vmHost.VirtualMachinePath, $Owner)
        Disks         = [System.IO.Path]::Combine($vmHost.VirtualHardDiskPath, $Owner)
    }
}
