function New-MkClosedFolder {
    # Makes a folder that only SYSTEM and the administrators may use. Everyone may make folders in ProgramData, and who owns the
    # folder above can replace this one: so our own root, Matryoshka, is closed first.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Path
    )
    $parent = Get-MkParentFolder -Path $Path
    if ([System.IO.Path]::GetFileName($parent) -eq 'Matryoshka') {
        Move-MkForeignFolder -Path $parent
        $null = [System.IO.Directory]::CreateDirectory($parent)
        Protect-MkFolder -Path $parent
    }
    Move-MkForeignFolder -Path $Path
    $null = [System.IO.Directory]::CreateDirectory($Path)
    Protect-MkFolder -Path $Path
}
