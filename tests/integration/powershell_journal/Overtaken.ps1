# A newer worker comes between the first look at the fence and the run, as it can while a call waits.
& (Get-Module -Name 'Matryoshka') {
    $script:RealWait = ${function:Wait-MkCall}
    function script:Wait-MkCall {
        param($Cmdlet, $Call, $WaitSeconds)
        Write-MkText -Path $Call.FencePath -Text "9`n"
        & $script:RealWait @PSBoundParameters
    }
}
try {
    $answer = Invoke-NestedCall -Name 'Set-NestedThing' -CallId 'job_1.step.0#1' -Fence 5
}
catch {
    $seen = Get-NestedCall -CallId 'job_1.step.0#1'
    $answer = @{ id = $_.FullyQualifiedErrorId; status = $seen.Status; ran = [System.IO.File]::Exists($env:MK_MARK) }
}
