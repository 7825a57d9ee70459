function Get-MkFileSha256 {
    # SHA-256 of a file, 64 lower-case hex digits. Reads in pieces, so that a disk image shows progress and can be stopped.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    $hasher = [System.Security.Cryptography.SHA256]::Create()
    $stream = New-Object -TypeName 'System.IO.FileStream' -ArgumentList $Path, 'Open', 'Read', 'ReadWrite'
    try {
        $buffer = New-Object -TypeName 'byte[]' -ArgumentList 4194304
        $shown = -1
        while (($count = $stream.Read($buffer, 0, $buffer.Length)) -gt 0) {
            $null = $hasher.TransformBlock($buffer, 0, $count, $null, 0)
            $percent = [int][System.Math]::Floor(100 * $stream.Position / [System.Math]::Max(1, $stream.Length))
            if ($percent -ne $shown) {
                Write-Progress -Activity 'Hashing the disk image' -Status $Path -PercentComplete $percent
                $shown = $percent
            }
        }
        $null = $hasher.TransformFinalBlock($buffer, 0, 0)
        return ([System.BitConverter]::ToString($hasher.Hash) -replace '-', '').ToLowerInvariant()
    }
    finally {
        $stream.Dispose()
        $hasher.Dispose()
        Write-Progress -Activity 'Hashing the disk image' -Completed
    }
}
