function ConvertTo-MkMissingResult {
    # Rows for what a validation as a whole says (bits: 4 failures, 8 warnings, 16 cancelled) and none of its rows shows.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [int]$Bits,

        [AllowEmptyCollection()]
        [object[]]$Row = @()
    )
    $shown = @($Row | ForEach-Object -Process { $_.Result })
    $meanings = [ordered]@{ 'Failed' = 4; 'Canceled' = 16; 'Warning' = 8 }
    foreach ($word in $meanings.Keys) {
        if (($Bits -band $meanings[$word]) -ne 0 -and $shown -notcontains $word) {
            [pscustomobject][ordered]@{ Category = 'Report'; Test = 'The validation as a whole'; Result = $word }
        }
    }
}
