# Part of Install-Matryoshka.ps1, which runs it: its parameters and $PSCmdlet are seen here.
function Set-Quota {
    # Raises a limit of WinRM's shells, if it is lower.
    param([string]$Name, [int]$Lowest)

    if ($Lowest -eq 0) {
        return
    }
    $present = [long](Get-WSManInstance -ResourceURI 'winrm/config/winrs').$Name
    $changed = $false
    if ($present -lt $Lowest -and $PSCmdlet.ShouldProcess($Name, "Raise from $present to $Lowest")) {
        $null = Set-WSManInstance -ResourceURI 'winrm/config/winrs' -ValueSet @{ $Name = [string]$Lowest }
        $present = $Lowest
        $changed = $true
    }
    Write-Row -What $Name -Value $present -Changed $changed
}
