function Get-MkHypervisorLaunch {
    # Whether the hypervisor started in this boot, by its newest event: id 1 is proof, the others say why it did not.
    # Ids: message table of hvservice.sys (docs/sources.md H7). Launched is $null when there is no event log.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [datetime]$BootedAt
    )
    $reasons = @{
        5  = 'launch disabled in BCD'
        32 = 'platform unsupported'
        41 = 'VMX missing'
        42 = 'SVM missing'
        44 = 'NX missing'
        59 = 'SLAT missing'
    }
    $answer = @{ Launched = $null; EventId = $null; At = $null; FailureEventId = $null; FailureReason = $null }
    $events = Get-MkHypervisorEvent -BootedAt $BootedAt
    if ($null -eq $events) {
        return $answer
    }
    $answer.Launched = $false
    if (@($events).Count -eq 0) {
        return $answer
    }
    $newest = @($events)[0]
    if ($newest.Id -eq 1) {
        $answer.Launched = $true
        $answer.EventId = 1
        $answer.At = ConvertTo-MkTime -Value $newest.TimeCreated
        return $answer
    }
    $answer.FailureEventId = [int]$newest.Id
    $answer.FailureReason = $reasons[[int]$newest.Id]
    return $answer
}
