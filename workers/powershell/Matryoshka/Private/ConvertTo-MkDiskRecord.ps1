function ConvertTo-MkDiskRecord {
    # The disk record of the functions' page, read from the disk now.
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    $record = [ordered]@{ Exists = $false; Path = $Path; ParentPath = $null; VhdType = $null; SizeGib = $null; Owner = $null; SeedSha256 = $null; Attached = $null }
    if (-not (Test-MkFile -Path $Path)) {
        return $record
    }
    $vhd = Get-VHD -Path $Path -ErrorAction Stop
    $tag = Get-MkDiskTag -Path $Path
    $record.Exists = $true
    if (-not [string]::IsNullOrEmpty($vhd.ParentPath)) {
        $record.ParentPath = [string]$vhd.ParentPath
    }
    $record.VhdType = $vhd.VhdType.ToString()
    $record.SizeGib = [long][System.Math]::Floor($vhd.Size / 1gb)
    $record.Owner = $tag.Owner
    $record.SeedSha256 = $tag.SeedSha256
    $record.Attached = [bool]$vhd.Attached
    return $record
}
