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
        Configuration = Join-MkPath -Folder $vmHost.VirtualMachinePath -Name $Owner
        Disks         = Join-MkPath -Folder $vmHost.VirtualHardDiskPath -Name $Owner
    }
}
