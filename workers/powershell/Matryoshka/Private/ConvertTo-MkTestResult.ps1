function ConvertTo-MkTestResult {
    # A validation result in one spelling: the file's own differs between releases ('Fail', 'Failed', 'Not Applicable').
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Text
    )
    $word = $Text -replace '\s', ''
    $spellings = [ordered]@{ '\AFail|\AError' = 'Failed'; '\AWarn' = 'Warning'; '\ASuccess|\APass' = 'Success'; '\ACancel' = 'Canceled'; '\ANotApplicable' = 'NotApplicable' }
    foreach ($pattern in $spellings.Keys) {
        if ($word -match $pattern) {
            return $spellings[$pattern]
        }
    }
    return $word
}
