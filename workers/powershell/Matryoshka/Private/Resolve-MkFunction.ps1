function Resolve-MkFunction {
    # A function that may be called through the journal. Without a journal only those that change nothing (no -WhatIf) may.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.CommandInfo])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [string]$Name,

        [bool]$Journaled = $false
    )
    $command = $null
    if ($Name -match '\A[A-Za-z]+-Nested[A-Za-z]+\z' -and $Name -notmatch '\AInvoke-') {
        $command = Microsoft.PowerShell.Core\Get-Command -Name $Name -CommandType Function -ErrorAction Ignore
    }
    if ($null -eq $command -or $command.ModuleName -ne 'Matryoshka') {
        $message = "'$Name' is not a function of this module that may be called so."
        Stop-MkFunction -Cmdlet $Cmdlet -Id 'FunctionNotAllowed' -Category InvalidArgument -Message $message -TargetObject $Name
    }
    if (-not $Journaled -and $command.Parameters.ContainsKey('WhatIf')) {
        $message = "'$Name' changes something: it needs a call id."
        Stop-MkFunction -Cmdlet $Cmdlet -Id 'FunctionNotAllowed' -Category InvalidArgument -Message $message -TargetObject $Name
    }
    return $command
}
