function ConvertTo-MkCallRecord {
    # The call record that Invoke-NestedCall answers, from an outcome (hashtable) or from a journal's record.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [hashtable]$Call,

        [Parameter(Mandatory = $true)]
        [object]$Outcome,

        [bool]$Replayed = $false
    )
    return [pscustomobject][ordered]@{
        CallId        = $Call.CallId
        Name          = $Call.Name
        Status        = [string]$Outcome.Status
        Replayed      = $Replayed
        ResultJson    = [string]$Outcome.ResultJson
        ErrorId       = $Outcome.ErrorId
        ErrorCategory = $Outcome.ErrorCategory
        ErrorMessage  = $Outcome.ErrorMessage
        ErrorHResult  = $Outcome.ErrorHResult
        ErrorType     = $Outcome.ErrorType
        ErrorTarget   = $Outcome.ErrorTarget
    }
}
