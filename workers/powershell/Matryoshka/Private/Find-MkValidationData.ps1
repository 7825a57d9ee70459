function Find-MkValidationData {
    # The newest data file of a cluster validation written since a time, $null when there is none. Test-Cluster leaves it in the
    # cluster's reports folder, or beside the report that it was asked for.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [datetime]$Since,

        [AllowEmptyString()]
        [string]$ReportFolder = ''
    )
    $newest = $null
    $standard = [System.IO.Path]::Combine([System.Environment]::GetFolderPath('Windows'), 'Cluster', 'Reports')
    foreach ($folder in $standard, $ReportFolder) {
        if ($folder -eq '' -or -not [System.IO.Directory]::Exists($folder)) {
            continue
        }
        foreach ($path in [System.IO.Directory]::GetFiles($folder, '*.xml')) {
            $time = [System.IO.File]::GetLastWriteTimeUtc($path)
            if ($time -ge $Since.ToUniversalTime() -and ($null -eq $newest -or $time -gt $newest.Time)) {
                $newest = @{ Path = $path; Time = $time }
            }
        }
    }
    if ($null -eq $newest) {
        return $null
    }
    return $newest.Path
}
