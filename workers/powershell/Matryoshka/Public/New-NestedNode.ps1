function New-NestedNode {
    <#
    .SYNOPSIS
    Makes a lab's node: a virtual machine that will run Hyper-V itself.

    .DESCRIPTION
    A VM of this name and owner (or one that an interrupted creation left in the same folder) is taken and completed. Its memory is
    static, automatic checkpoints are off; it is not started now, and starts with the host when it ran before. Its first adapter
    gets a static MAC address made of the VM's id (02 and 40 of its random bits), so that it is known before the first start.

    .PARAMETER Name
    The VM's name.

    .PARAMETER Owner
    The lab's id, kept in the VM's notes.

    .PARAMETER MemoryMib
    Startup memory, in MiB.

    .PARAMETER ProcessorCount
    Virtual processors.

    .PARAMETER DiskPath
    The disk to start from.

    .PARAMETER DataDiskPath
    More disks.

    .PARAMETER SwitchName
    The virtual switch of the first adapter.

    .PARAMETER Path
    The folder of the VM's configuration.

    .PARAMETER Version
    The configuration version; empty for the host's default.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: the node record and Changed. Error ids: Matryoshka.NameTaken, Matryoshka.SwitchNotFound,
    Matryoshka.DiskNotFound.

    .EXAMPLE
    New-NestedNode -Name 'nest-1' -Owner 'lab_1' -MemoryMib 8192 -ProcessorCount 4 -DiskPath $disk -SwitchName 'mk-lab' -Path 'D:\labs\lab_1'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Name,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Owner,

        [Parameter(Mandatory = $true)]
        [ValidateRange(32, 12582912)]
        [long]$MemoryMib,

        [Parameter(Mandatory = $true)]
        [ValidateRange(1, 2048)]
        [int]$ProcessorCount,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$DiskPath,

        [AllowEmptyCollection()]
        [string[]]$DataDiskPath = @(),

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$SwitchName,

        [Parameter(Mandatory = $true)]
        [ValidateNotNullOrEmpty()]
        [string]$Path,

        [ValidatePattern('\A\z|\A[0-9]{1,3}\.[0-9]{1,3}\z')]
        [string]$Version = ''
    )
    $found = Find-MkOwnVM -Name $Name -Owner $Owner -Path $Path
    if ($null -eq $found.Own -and $found.Taken) {
        $message = "A virtual machine '$Name' of somebody else exists."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'NameTaken' -Category ResourceExists -Message $message -TargetObject $Name
    }
    if ($null -eq (Get-MkSwitch -Name $SwitchName -Owner $Owner)) {
        $message = "There is no switch '$SwitchName'."
        Stop-MkFunction -Cmdlet $PSCmdlet -Id 'SwitchNotFound' -Category ObjectNotFound -Message $message -TargetObject $SwitchName
    }
    foreach ($disk in @($DiskPath) + $DataDiskPath) {
        if (-not (Test-MkFile -Path $disk)) {
            $message = "There is no disk '$disk'."
            Stop-MkFunction -Cmdlet $PSCmdlet -Id 'DiskNotFound' -Category ObjectNotFound -Message $message -TargetObject $disk
        }
    }
    $node = @{
        Name           = $Name
        Owner          = $Owner
        MemoryMib      = $MemoryMib
        ProcessorCount = $ProcessorCount
        DiskPath       = $DiskPath
        DataDiskPath   = $DataDiskPath
        SwitchName     = $SwitchName
        Path           = $Path
        Version        = $Version
    }
    $vm = $found.Own
    $changed = $false
    if ($PSCmdlet.ShouldProcess($Name, 'New node')) {
        if ($null -eq $vm) {
            $vm = New-MkNodeVM -Node $node
            $changed = $true
        }
        $changed = (Complete-MkNode -VM $vm -Node $node) -or $changed
        $vm = Get-MkVM -VMId $vm.Id
    }
    $record = ConvertTo-MkNodeRecord -VM $vm -Name $Name
    $record.Changed = $changed
    return [pscustomobject]$record
}
