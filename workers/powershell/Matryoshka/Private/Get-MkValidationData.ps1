function Get-MkValidationData {
    # The data files of cluster validations: Path, Time (when it was written), Folder. Test-Cluster leaves them in the cluster's reports
    # folder; beside the report that it was asked for and in Windows' Temp they were seen, too.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$ReportName
    )
    $windows = [System.Environment]::GetFolderPath('Windows')
    $reports = [System.IO.Path]::Combine($windows, 'Cluster', 'Reports')
    foreach ($folder in $reports, (Get-MkParentFolder -Path $ReportName), [System.IO.Path]::Combine($windows, 'Temp')) {
        if ($folder -eq '' -or -not [System.IO.Directory]::Exists($folder)) {
            continue
        }
        foreach ($path in [System.IO.Directory]::GetFiles($folder, '*.xml')) {
            [pscustomobject]@{ Path = $path; Time = [System.IO.File]::GetLastWriteTimeUtc($path); Folder = $folder }
        }
    }
}
