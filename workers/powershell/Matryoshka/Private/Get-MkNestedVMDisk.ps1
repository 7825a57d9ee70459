function Get-MkNestedVMDisk {
    # The disks that New-NestedVM makes for a VM of this name, as far as they are marked as the owner's: also a mark without its disk.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [string]$Owner,

        [Parameter(Mandatory = $true)]
        [string]$Folder
    )
    foreach ($extension in '.vhdx', '.vhd') {
        $path = Join-MkPath -Folder $Folder -Name ($Name + $extension)
        if ((Get-MkDiskTag -Path $path).Owner -eq $Owner) {
            $path
        }
    }
}
