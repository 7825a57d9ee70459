function Stop-MkFunction {
    # Ends the calling function with an error of our own: 'Matryoshka.<Id>,<function>'. Callers match the id, never the text.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet]$Cmdlet,

        [Parameter(Mandatory = $true)]
        [string]$Id,

        [Parameter(Mandatory = $true)]
        [System.Management.Automation.ErrorCategory]$Category,

        [Parameter(Mandatory = $true)]
        [string]$Message,

        [object]$TargetObject = $null,

        [System.Exception]$InnerException = $null
    )
    $exception = New-Object -TypeName 'System.InvalidOperationException' -ArgumentList $Message, $InnerException
    $record = New-Object -TypeName 'System.Management.Automation.ErrorRecord' -ArgumentList $exception, "Matryoshka.$Id", $Category, $TargetObject
    $Cmdlet.ThrowTerminatingError($record)
}
