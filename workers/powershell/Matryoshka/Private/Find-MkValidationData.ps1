function Find-MkValidationData {
    # The newest data file of a cluster validation written since a time, $null when there is none. Test-Cluster leaves it in the
    # cluster's reports folder; beside the report that it was asked for and in Windows' Temp it was seen, too. The first folder that
    # has one counts.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [datetime]$Since,

        [AllowEmptyString()]
        [string]$ReportFolder = ''
    )
    $windows = [System.Environment]::GetFolderPath('Windows')
    $folders = [System.IO.Path]::Combine($windows, 'Cluster', 'Reports'), $ReportFolder, [System.IO.Path]::Combine($windows, 'Temp')
    foreach ($folder in $folders) {
        if ($folder -eq '' -or -not [System.IO.Directory]::Exists($folder)) {
            continue
        }
        $newest = $null
        foreach ($path in [System.IO.Directory]::GetFiles($folder, '*.xml')) {
            $time = [System.IO.File]::GetLastWriteTimeUtc($path)
            if ($time -ge $Since.ToUniversalTime() -and ($null -eq $newest -or $time -gt $newest.Time)) {
                $newest = @{ Path = $path; Time = $time }
            }
        }
        if ($null -ne $newest) {
            return $newest.Path
        }
    }
    return $null
}
