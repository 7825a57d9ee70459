function Get-NestedDisk {
    <#
    .SYNOPSIS
    Describes a virtual disk and whose it is.

    .DESCRIPTION
    Reads only. The owner is kept in the file '<path>.matryoshka.json' beside the disk. SeedSha256 is the hash of the module that
    Set-NestedDiskSeed put into the disk.

    .PARAMETER Path
    The disk's path.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Exists, Path, ParentPath, VhdType, SizeGib, Owner, SeedSha256 and Attached.

    .EXAMPLE
    Get-NestedDisk -Path 'D:\labs\lab_1\nest-1.vhdx'
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Path
    )
    return [pscustomobject](ConvertTo-MkDiskRecord -Path $Path)
}
