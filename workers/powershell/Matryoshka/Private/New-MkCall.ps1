function New-MkCall {
    # What one journaled call is: its id, its scope (the text before '#') and its files. Makes nothing.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$Folder,

        [Parameter(Mandatory = $true)]
        [string]$CallId,

        [string]$Name = '',

        [long]$Fence = 0
    )
    $scope = $CallId.Substring(0, $CallId.IndexOf('#'))
    return @{
        CallId    = $CallId
        Scope     = $scope
        Name      = $Name
        Fence     = $Fence
        Folder    = $Folder
        Path      = [System.IO.Path]::Combine($Folder, "$CallId.call")
        LockPath  = [System.IO.Path]::Combine($Folder, "$CallId.lock")
        FencePath = [System.IO.Path]::Combine($Folder, "fence.$scope.txt")
        StartedAt = $null
    }
}
