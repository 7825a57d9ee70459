function Get-MkQuorumArgument {
    # The arguments of Set-ClusterQuorum for a witness. Its access key is plain text there: the cmdlet takes no other form.
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true)]
        [hashtable]$Witness
    )
    if ($Witness.Kind -eq 'none') {
        return @{ NoWitness = $true }
    }
    if ($Witness.Kind -eq 'file_share') {
        return @{ FileShareWitness = $Witness.FileSharePath }
    }
    if ($Witness.Kind -eq 'disk') {
        return @{ DiskWitness = $Witness.DiskName }
    }
    $arguments = @{ CloudWitness = $true; AccountName = $Witness.AccountName; AccessKey = (ConvertTo-MkPlainText -Secret $Witness.AccessKey) }
    if (-not [string]::IsNullOrEmpty($Witness.Endpoint)) {
        $arguments.Endpoint = $Witness.Endpoint
    }
    return $arguments
}
