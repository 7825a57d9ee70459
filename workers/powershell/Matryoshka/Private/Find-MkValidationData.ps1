function Find-MkValidationData {
    # The path of the newest data file (of Get-MkValidationData) that is not as it was in Known, '' when there is none; the first
    # folder that has one counts. No clock is asked: a file gets its time from another one than a program, a few milliseconds apart,
    # and a guest's clock can be set back while a validation runs.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Known,

        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [object[]]$Found
    )
    $before = @{}
    foreach ($file in $Known) {
        $before[$file.Path] = $file.Time
    }
    $newest = $null
    foreach ($file in $Found) {
        if ($file.Time -eq $before[$file.Path] -or ($null -ne $newest -and $file.Folder -ne $newest.Folder)) {
            continue
        }
        if ($null -eq $newest -or $file.Time -gt $newest.Time) {
            $newest = $file
        }
    }
    if ($null -eq $newest) {
        return ''
    }
    return $newest.Path
}
