function Set-MkRegistryValue {
    # Writes a registry value if it differs; whether it did.
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [object]$Value,

        [ValidateSet('DWord', 'String')]
        [string]$Type = 'String'
    )
    $present = Get-MkRegistryValue -Path $Path -Name $Name
    if ($null -ne $present -and [string]$present -eq [string]$Value) {
        return $false
    }
    if (-not (Test-Path -LiteralPath $Path)) {
        $null = New-Item -Path $Path -Force -Confirm:$false -ErrorAction Stop
    }
    $null = New-ItemProperty -LiteralPath $Path -Name $Name -Value $Value -PropertyType $Type -Force -Confirm:$false -ErrorAction Stop
    return $true
}
