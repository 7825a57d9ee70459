function ConvertTo-MkFirewallRecord {
    # The firewall record of the functions' page.
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param(
        [Parameter(Mandatory = $true)]
        [string[]]$Group
    )
    $rows = @(foreach ($id in $Group) {
            [pscustomobject][ordered]@{ Group = $id; Enabled = (Test-MkFirewallGroup -Group $id) }
        })
    return [ordered]@{ Enabled = (Test-MkEvery -InputObject $rows -Property 'Enabled'); Groups = $rows }
}
