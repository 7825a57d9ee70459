function ConvertTo-MkSettingRow {
    # The settings before and after, one row each.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Collections.IDictionary]$Before,

        [Parameter(Mandatory = $true)]
        [System.Collections.IDictionary]$After
    )
    foreach ($setting in $Before.Keys) {
        [pscustomobject][ordered]@{
            Setting = $setting
            Before  = $Before[$setting]
            After   = $After[$setting]
            Changed = ($Before[$setting] -ne $After[$setting])
        }
    }
}
