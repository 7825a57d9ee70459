function Invoke-MkFunction {
    # Runs a function of the module and answers what became of it as data. Its other streams flow on to the caller.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.CommandInfo]$Command,

        [Parameter(Mandatory = $true)]
        [hashtable]$Parameters
    )
    # Nobody is there to answer a question.
    $ConfirmPreference = 'None'
    try {
        Assert-MkMandatory -Command $Command -Parameters $Parameters
        $result = & $Command @Parameters
        return @{
            Status        = 'completed'
            ResultJson    = ConvertTo-Json -InputObject $result -Depth 8 -Compress
            ErrorId       = $null
            ErrorCategory = $null
            ErrorMessage  = $null
            ErrorHResult  = $null
            ErrorType     = $null
            ErrorTarget   = $null
        }
    }
    catch {
        $fields = ConvertTo-MkErrorField -ErrorRecord $_ -Secret (Get-MkSecretText -Parameters $Parameters)
        $fields.Status = 'failed'
        $fields.ResultJson = ''
        return $fields
    }
}
