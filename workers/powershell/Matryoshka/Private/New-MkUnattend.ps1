function New-MkUnattend {
    # The answer file of a node's first boot: computer name, time zone, Administrator's password, no questions.
    # Setup takes the password as plain text only (its 'hidden' form is Base64), so the file is closed to all but administrators
    # and Set-NestedGuestConfiguration deletes it. Passes and elements: docs/sources.md H21.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string]$ComputerName,

        [Parameter(Mandatory = $true)]
        [string]$TimeZone,

        [Parameter(Mandatory = $true)]
        [string]$Password
    )
    $settings = New-Object -TypeName 'System.Xml.XmlWriterSettings'
    $settings.Indent = $true
    $settings.Encoding = New-Object -TypeName 'System.Text.UTF8Encoding' -ArgumentList $false
    $stream = New-Object -TypeName 'System.IO.MemoryStream'
    $writer = [System.Xml.XmlWriter]::Create($stream, $settings)
    $writer.WriteStartDocument()
    $writer.WriteStartElement('unattend', 'urn:schemas-microsoft-com:unattend')
    Write-MkUnattendPass -Writer $writer -Pass 'specialize' -Setting ([ordered]@{ ComputerName = $ComputerName; TimeZone = $TimeZone })
    Write-MkUnattendPass -Writer $writer -Pass 'oobeSystem' -Setting ([ordered]@{
            OOBE         = [ordered]@{
                HideEULAPage              = 'true'
                HideLocalAccountScreen    = 'true'
                HideOnlineAccountScreens  = 'true'
                HideWirelessSetupInOOBE   = 'true'
                ProtectYourPC             = '3'
                SkipMachineOOBE           = 'true'
                SkipUserOOBE              = 'true'
            }
            TimeZone     = $TimeZone
            UserAccounts = [ordered]@{ AdministratorPassword = [ordered]@{ Value = $Password; PlainText = 'true' } }
        })
    $writer.WriteEndElement()
    $writer.WriteEndDocument()
    $writer.Flush()
    return [System.Text.Encoding]::UTF8.GetString($stream.ToArray())
}
