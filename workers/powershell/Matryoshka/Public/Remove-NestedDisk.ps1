function Remove-NestedDisk {
    <#
    .SYNOPSIS
    Deletes a lab's virtual disk.

    .DESCRIPTION
    Only a disk whose mark names the owner is touched, and only while nobody uses it. The folder goes too when it was made for
    the disk and is empty.

    .PARAMETER Path
    The disk's path.

    .PARAMETER Owner
    The lab's id.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed and Existed. Error ids: Matryoshka.NotOwned, Matryoshka.DiskAttached.

    .EXAMPLE
    Remove-NestedDisk -Path 'D:\labs\lab_1\nest-1.vhdx' -Owner 'lab_1'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Owner
    )
    if (-not (Test-MkFile -Path $Path)) {
        # A mark without disk: what an interrupted creation left.
        if ((Get-MkDiskTag -Path $Path).Owner -eq $Owner -and $PSCmdlet.ShouldProcess($Path, 'Remove mark')) {
            Remove-MkDisk -Path $Path
        }
        return [pscustomobject][ordered]@{ Changed = $false; Existed = $false }
    }
    Assert-MkDiskFree -Cmdlet $PSCmdlet -Path $Path -Owner $Owner
    $changed = $false
    if ($PSCmdlet.ShouldProcess($Path, 'Delete virtual disk')) {
        Remove-MkDisk -Path $Path
        $changed = $true
    }
    return [pscustomobject][ordered]@{ Changed = $changed; Existed = $true }
}
