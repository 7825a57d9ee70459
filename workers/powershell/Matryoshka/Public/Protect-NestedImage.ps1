function Protect-NestedImage {
    <#
    .SYNOPSIS
    Checks a parent image's hash and makes its file read-only.

    .DESCRIPTION
    A parent that changes breaks every differencing disk made of it, so the file is closed as soon as its hash is right.

    .PARAMETER Path
    The image's path.

    .PARAMETER Sha256
    The SHA-256 that the file must have, 64 hex digits.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with Changed, Path, Sha256 and IsReadOnly. Error ids: Matryoshka.ImageNotFound,
    Matryoshka.ImageHashMismatch.

    .EXAMPLE
    Protect-NestedImage -Path 'D:\images\ws2022.vhdx' -Sha256 $sha256
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Path,

        [Parameter(Mandatory = $true)]
        [ValidatePattern('\A[0-9A-Fa-f]{64}\z')]
        [string]$Sha256
    )
    if (-not (Test-MkFile -Path $Path)) {
        $message = "There is no image '$Path'."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'ImageNotFound' -Category ObjectNotFound -Message $message -TargetObject $Path
    }
    $actual = Get-MkFileSha256 -Path $Path
    if ($actual -ne $Sha256) {
        $message = "The image '$Path' has the SHA-256 $actual."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'ImageHashMismatch' -Category InvalidData -Message $message -TargetObject $Path
    }
    $file = New-Object -TypeName 'System.IO.FileInfo' -ArgumentList $Path
    $changed = $false
    if (-not $file.IsReadOnly -and $PSCmdlet.ShouldProcess($Path, 'Make read-only')) {
        $file.IsReadOnly = $true
        $changed = $true
    }
    return [pscustomobject][ordered]@{ Changed = $changed; Path = $Path; Sha256 = $actual; IsReadOnly = [bool]$file.IsReadOnly }
}
