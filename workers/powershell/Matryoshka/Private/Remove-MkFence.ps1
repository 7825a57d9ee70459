function Remove-MkFence {
    # Removes fences of scopes without calls, older than a limit, and what dead processes left: locks and half written files.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Folder,

        [Parameter(Mandatory = $true)]
        [datetime]$Limit
    )
    foreach ($path in [System.IO.Directory]::GetFiles($Folder, 'fence.*.txt')) {
        $scope = [System.IO.Path]::GetFileName($path) -replace '\Afence\.(.+)\.txt\z', '$1'
        $calls = [System.IO.Directory]::GetFiles($Folder, ('{0}#*.call' -f $scope))
        if ($calls.Length -eq 0 -and [System.IO.File]::GetLastWriteTimeUtc($path) -le $Limit) {
            Remove-MkFile -Path $path
            Remove-MkFile -Path "$path.lock"
        }
    }
    $yesterday = [datetime]::UtcNow.AddDays(-1)
    foreach ($path in [System.IO.Directory]::GetFiles($Folder, '*.lock')) {
        $lone = -not [System.IO.File]::Exists([System.IO.Path]::ChangeExtension($path, '.call')) -and -not [System.IO.File]::Exists([System.IO.Path]::ChangeExtension($path, $null))
        if ($lone -and [System.IO.File]::GetLastWriteTimeUtc($path) -le $Limit -and -not (Test-MkLocked -Path $path)) {
            Remove-MkFile -Path $path
        }
    }
    foreach ($path in [System.IO.Directory]::GetFiles($Folder, '*.tmp')) {
        if ([System.IO.File]::GetLastWriteTimeUtc($path) -le $yesterday) {
            Remove-MkFile -Path $path
        }
    }
}
