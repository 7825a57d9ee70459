function New-NestedDisk {
    <#
    .SYNOPSIS
    Makes a lab's virtual disk: a differencing disk of a parent, or an empty dynamic one.

    .DESCRIPTION
    A disk of this path and owner is taken as it is.

    .PARAMETER Path
    The disk's path; its folder is made.

    .PARAMETER Owner
    The lab's id.

    .PARAMETER ParentPath
    The parent image of a differencing disk; empty for a dynamic one.

    .PARAMETER SizeGib
    The size of a dynamic disk.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: the record of Get-NestedDisk and Changed. Error ids: Matryoshka.DiskForeign (the file
    exists and is not this lab's, or has another parent), Matryoshka.ParentNotFound.

    .EXAMPLE
    New-NestedDisk -Path 'D:\labs\lab_1\nest-1.vhdx' -Owner 'lab_1' -ParentPath 'D:\images\ws2022.vhdx'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Owner,

        [string]$ParentPath = '',

        [ValidateRange(0, 65536)]
        [int]$SizeGib = 0
    )
    $changed = $false
    $record = ConvertTo-MkDiskRecord -Path $Path
    $foreign = $record.Exists -and ($record.Owner -ne $Owner -or -not (Test-MkSamePath -First $record.ParentPath -Second $ParentPath))
    if ($foreign) {
        $message = "'$Path' exists and is not this disk of '$Owner'."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'DiskForeign' -Category ResourceExists -Message $message -TargetObject $Path
    }
    if ($ParentPath -ne '' -and -not (Test-MkFile -Path $ParentPath)) {
        $message = "There is no parent disk '$ParentPath'."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'ParentNotFound' -Category ObjectNotFound -Message $message -TargetObject $ParentPath
    }
    if (-not $record.Exists -and $PSCmdlet.ShouldProcess($Path, 'New virtual disk')) {
        New-MkDisk -Path $Path -Owner $Owner -ParentPath $ParentPath -SizeGib $SizeGib
        $changed = $true
        $record = ConvertTo-MkDiskRecord -Path $Path
    }
    $record.Changed = $changed
    return [pscustomobject]$record
}
