function Test-MkSamePath {
    # Whether two paths name the same file, as far as their text tells (Windows: case does not matter).
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [AllowNull()]
        [AllowEmptyString()]
        [string]$First,

        [AllowNull()]
        [AllowEmptyString()]
        [string]$Second
    )
    if ([string]::IsNullOrEmpty($First) -or [string]::IsNullOrEmpty($Second)) {
        return [string]::IsNullOrEmpty($First) -and [string]::IsNullOrEmpty($Second)
    }
    $left = [System.IO.Path]::GetFullPath($First)
    $right = [System.IO.Path]::GetFullPath($Second)
    return [string]::Equals($left, $right, [System.StringComparison]::OrdinalIgnoreCase)
}
