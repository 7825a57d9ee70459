function Write-MkCallRecord {
    # Writes a call's record in one move. Outcome is what Invoke-MkFunction answers; without it the call runs or was stopped.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [hashtable]$Call,

        [Parameter(Mandatory = $true)]
        [string]$Status,

        [hashtable]$Outcome = @{}
    )
    $now = ConvertTo-MkTime -Value ([datetime]::UtcNow)
    if ($Status -eq 'running') {
        $Call.StartedAt = $now
    }
    $result = ''
    if ($Outcome.ContainsKey('ResultJson')) {
        $result = $Outcome.ResultJson
    }
    $header = [ordered]@{
        CallId       = $Call.CallId
        Name         = $Call.Name
        Status       = $Status
        Fence        = $Call.Fence
        StartedAt    = $Call.StartedAt
        EndedAt      = $null
        ResultLength = $result.Length
        ResultSha256 = Get-MkSha256 -Text $result
    }
    if ($Status -ne 'running') {
        $header.EndedAt = $now
    }
    foreach ($field in 'ErrorId', 'ErrorCategory', 'ErrorMessage', 'ErrorHResult', 'ErrorType', 'ErrorTarget') {
        $header[$field] = $Outcome[$field]
    }
    Write-MkText -Path $Call.Path -Text ((ConvertTo-Json -InputObject $header -Compress) + "`n" + $result)
}
