function Get-MkService {
    # A service's state ('Running', 'Stopped' ...), $null when there is no such service. CIM, because it says so without an error.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Name
    )
    $service = Get-CimInstance -ClassName 'Win32_Service' -Filter "Name = '$Name'" -Property 'Name', 'State' -ErrorAction Stop
    if ($null -eq $service) {
        return $null
    }
    return [string]$service.State
}
