function ConvertTo-MkTime {
    # An ISO 8601 UTC string of whole seconds; $null stays $null. Text passes unchanged: Windows PowerShell keeps dates of JSON as text.
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][object]$Value)

    if ($null -eq $Value) {
        return $null
    }
    if ($Value -isnot [datetime]) {
        return [string]$Value
    }
    return $Value.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", [System.Globalization.CultureInfo]::InvariantCulture)
}
