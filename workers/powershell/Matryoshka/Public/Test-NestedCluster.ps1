function Test-NestedCluster {
    <#
    .SYNOPSIS
    Validates machines as nodes of a cluster, and reads the report.

    .DESCRIPTION
    Runs inside the first node. Succeeded means that no test failed; a warning is no failure. A report that cannot be read counts
    as one warning and says so.

    .PARAMETER Node
    The machines' names.

    .PARAMETER Include
    Categories or tests; none runs all.

    .PARAMETER ReportName
    The report's name or full path, without extension.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Succeeded, FailedCount, WarningCount, Results (Category, Test, Result) and ReportPath.

    .EXAMPLE
    Test-NestedCluster -Node 'nest-1', 'nest-2' -Include 'Network', 'System Configuration' -ReportName 'lab_1'
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string[]]$Node,

        [AllowEmptyCollection()]
        [string[]]$Include = @(),

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$ReportName
    )
    $arguments = @{ Node = $Node; ReportName = $ReportName }
    if ($Include.Count -gt 0) {
        $arguments.Include = $Include
    }
    $known = @(Get-MkValidationData -ReportName $ReportName)
    $reportPath = $null
    foreach ($report in @(Test-Cluster @arguments -Confirm:$false -ErrorAction Stop)) {
        $reportPath = [string]$report.FullName
    }
    $data = Find-MkValidationData -Known $known -Found @(Get-MkValidationData -ReportName $ReportName)
    $rows = @()
    if ($data -ne '') {
        $rows = @(Read-MkValidationData -Path $data)
    }
    if ($rows.Count -eq 0) {
        Write-Warning -Message 'The validation ran, but its report could not be read.'
        $rows = @([pscustomobject][ordered]@{ Category = 'Report'; Test = 'Read the report'; Result = 'Warning' })
    }
    $failed = @($rows | Where-Object -FilterScript { 'Failed', 'Canceled' -contains $_.Result }).Count
    $warned = @($rows | Where-Object -FilterScript { $_.Result -eq 'Warning' }).Count
    return [pscustomobject][ordered]@{ Succeeded = ($failed -eq 0); FailedCount = $failed; WarningCount = $warned; Results = $rows; ReportPath = $reportPath }
}
