function Get-MkVolume {
    # Local fixed volumes with a path, cluster volumes included. Sizes in whole GiB.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param()

    $volumes = Get-CimInstance -ClassName 'Win32_Volume' -Filter 'DriveType = 3' -Property 'Name', 'FileSystem', 'FreeSpace', 'Capacity' -ErrorAction Stop
    foreach ($volume in @($volumes)) {
        # A volume without letter or folder is named by its GUID: nobody keeps a lab there.
        if ($null -ne $volume.Capacity -and -not $volume.Name.StartsWith('\\')) {
            [pscustomobject][ordered]@{
                Path       = [string]$volume.Name
                FileSystem = [string]$volume.FileSystem
                FreeGib    = [long][System.Math]::Floor($volume.FreeSpace / 1gb)
                SizeGib    = [long][System.Math]::Floor($volume.Capacity / 1gb)
            }
        }
    }
}
