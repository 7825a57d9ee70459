function Get-NestedImage {
    <#
    .SYNOPSIS
    Describes a parent disk image.

    .DESCRIPTION
    Reads only. Exists is $false when there is no file of that path.

    .PARAMETER Path
    The image's path.

    .PARAMETER ComputeHash
    Also compute the SHA-256 of the whole file; some minutes for a large one.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Exists, Path, Sha256 ($null without ComputeHash), SizeMib, VhdFormat, VhdType,
    IsReadOnly and Attached.

    .EXAMPLE
    Get-NestedImage -Path 'D:\images\ws2022.vhdx' -ComputeHash
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Path,

        [switch]$ComputeHash
    )
    $record = [ordered]@{ Exists = $false; Path = $Path; Sha256 = $null; SizeMib = $null; VhdFormat = $null; VhdType = $null; IsReadOnly = $null; Attached = $null }
    if (-not (Test-MkFile -Path $Path)) {
        return [pscustomobject]$record
    }
    $file = New-Object -TypeName 'System.IO.FileInfo' -ArgumentList $Path
    $vhd = Get-VHD -Path $Path -ErrorAction Stop
    $record.Exists = $true
    $record.SizeMib = [long][System.Math]::Floor($file.Length / 1mb)
    $record.VhdFormat = $vhd.VhdFormat.ToString()
    $record.VhdType = $vhd.VhdType.ToString()
    $record.IsReadOnly = [bool]$file.IsReadOnly
    $record.Attached = [bool]$vhd.Attached
    if ($ComputeHash) {
        $record.Sha256 = Get-MkFileSha256 -Path $Path
    }
    return [pscustomobject]$record
}
