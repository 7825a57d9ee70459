function ConvertTo-MkErrorField {
    # An error record as the fields of a call record. The HRESULT is the outermost one that says more than 'an exception'.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.ErrorRecord]$ErrorRecord,

        [string[]]$Secret = @()
    )
    $exception = $ErrorRecord.Exception
    $code = $exception.HResult
    # COR_E_EXCEPTION and COR_E_SYSTEM: every wrapper carries one of them.
    for ($inner = $exception; $null -ne $inner; $inner = $inner.InnerException) {
        if ($inner.HResult -ne -2146233088 -and $inner.HResult -ne -2146233087) {
            $code = $inner.HResult
            break
        }
    }
    if ($code -eq -2146233088 -and $exception.Message -match '(?s)\A.*\(0x(8[0-9A-Fa-f]{7})\)') {
        # Hyper-V's exceptions carry the number of what failed in their text only, where it is the same in every language. The last one
        # is the innermost reason.
        $code = [System.Convert]::ToInt32($Matches[1], 16)
    }
    $message = $exception.Message
    if ($exception -is [System.Management.Automation.ParameterBindingException]) {
        # PowerShell's text quotes the value, and the value may be a password that came as plain text.
        $message = "The parameter '$($exception.ParameterName)' was not accepted ($($exception.ErrorId))."
    }
    $target = $null
    if ($null -ne $ErrorRecord.TargetObject) {
        $target = [string]$ErrorRecord.TargetObject
    }
    return @{
        # The id of a bare throw is its text.
        ErrorId       = Protect-MkText -Text $ErrorRecord.FullyQualifiedErrorId -Secret $Secret
        ErrorCategory = $ErrorRecord.CategoryInfo.Category.ToString()
        ErrorMessage  = Protect-MkText -Text $message -Secret $Secret
        ErrorHResult  = [long]$code
        ErrorType     = $exception.GetType().FullName
        ErrorTarget   = Protect-MkText -Text $target -Secret $Secret
    }
}
