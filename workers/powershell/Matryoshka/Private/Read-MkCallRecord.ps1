function Read-MkCallRecord {
    # A call's record, or $null when there is none. Status 'torn' when the file is not whole (a power cut).
    # The file is a line of JSON, a line feed and the result: so the result is never parsed or escaped again.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    $text = Read-MkText -Path $Path
    if ($null -eq $text) {
        return $null
    }
    $torn = [pscustomobject]@{ Status = 'torn'; Fence = 0; StartedAt = $null; EndedAt = $null; Name = '' }
    $cut = $text.IndexOf("`n")
    if ($cut -lt 2) {
        return $torn
    }
    try {
        $record = ConvertFrom-Json -InputObject $text.Substring(0, $cut) -ErrorAction Stop
    }
    catch {
        return $torn
    }
    $result = $text.Substring($cut + 1)
    if ($null -eq $record.PSObject.Properties['ResultLength'] -or $record.ResultLength -ne $result.Length) {
        return $torn
    }
    # A power cut can also leave the right length with something else in it.
    if ($null -ne $record.PSObject.Properties['ResultSha256'] -and $record.ResultSha256 -ne (Get-MkSha256 -Text $result)) {
        return $torn
    }
    $record.StartedAt = ConvertTo-MkTime -Value $record.StartedAt
    $record.EndedAt = ConvertTo-MkTime -Value $record.EndedAt
    Add-Member -InputObject $record -NotePropertyName 'ResultJson' -NotePropertyValue $result
    return $record
}
