function Get-MkDataFolder {
    # A folder of ours below ProgramData; not made here.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name
    )
    $root = $env:ProgramData
    if ([string]::IsNullOrEmpty($root)) {
        $root = [System.Environment]::GetFolderPath('CommonApplicationData')
    }
    return [System.IO.Path]::Combine($root, 'Matryoshka', $Name)
}
