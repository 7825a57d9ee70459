"""The first words with WinRM, and the credential."""

from __future__ import annotations

from workers.steps.cures.cure import LISTENERS, RESTART_WINRM, TROUBLE, WINRM, Cure

_REFUSED = (
    "Get-WinEvent -FilterHashtable @{ LogName = 'Security'; Id = 4625 } -MaxEvents 20 | ForEach-Object { "
    "$d = ([xml]$_.ToXml()).Event.EventData.Data; '{0} {1} {2}' -f $_.TimeCreated, "
    "($d | Where-Object Name -EQ 'TargetUserName').'#text', ($d | Where-Object Name -EQ 'SubStatus').'#text' }"
)

LOGONS = (
    Cure(
        "authentication",
        "NO_HTTP_ANSWER",
        "The port takes connections, but no HTTP answer came.",
        "Restart WinRM; look for another program on the port.",
        ("netstat -ano -p TCP", RESTART_WINRM),
        TROUBLE,
    ),
    Cure(
        "authentication",
        "WSMAN_MISSING",
        "Something answers HTTP there, but not WinRM at /wsman.",
        "Correct the port, or the URL prefix of the listener.",
        (LISTENERS, "netsh http show servicestate"),
        WINRM,
    ),
    Cure(
        "authentication",
        "WINRM_UNAVAILABLE",
        "WinRM answers that it is not available now.",
        "Restart WinRM when no job uses the host: it cuts every remote session.",
        (RESTART_WINRM,),
        WINRM,
    ),
    Cure(
        "authentication",
        "AUTH_NOT_OFFERED",
        "WinRM does not offer the scheme that the host's record asks for.",
        "Switch it on, or set auth to one of those that are offered.",
        (
            "Get-ChildItem -Path WSMan:\\localhost\\Service\\Auth",
            "Set-Item -Path WSMan:\\localhost\\Service\\Auth\\%setting% -Value $true",
        ),
        WINRM,
    ),
    Cure(
        "authentication",
        "CREDENTIAL_REFUSED",
        "The host refuses the credential. WinRM does not say why: a wrong name or password, or an account that is "
        "disabled, expired or locked out.",
        "The host's Security log says why: 0xC0000064 no such name, 0xC000006A wrong password, 0xC0000234 locked out, "
        "0xC0000072 disabled, 0xC0000071 password expired, 0xC0000193 account expired. Correct the record or the "
        "account; for a domain account Unlock-ADAccount on a domain controller unlocks.",
        (_REFUSED, "net user %name%", "net user %name% /active:yes"),
        "Microsoft Learn: 4625(F), table 12",
    ),
    Cure(
        "authentication",
        "SECURITY_CONTEXT_FAILED",
        "The worker and the host agree on no security context: Kerberos without a ticket, a name that is no SPN, or "
        "clocks that differ.",
        "For Kerberos use the host's domain name, not an address, and give the worker its realm; or use negotiate.",
        ("setspn -L $env:COMPUTERNAME", "w32tm /query /status"),
        "docs/sources.md H20",
    ),
    Cure(
        "authentication",
        "WORKER_LACKS_PACKAGE",
        "This worker lacks what the host's auth needs.",
        "Install the package in the workers' environment, or choose another auth: nothing on the host cures this.",
        (),
        "docs/sources.md P",
    ),
    Cure(
        "authentication",
        "SECRET_UNREADABLE",
        "This worker cannot read the password that the host's record names or holds.",
        "Give the password again, or make the reference readable to the workers: nothing on the host cures this.",
        (),
        "docs/secrets.md",
    ),
    Cure(
        "authentication",
        "LOGON_BROKEN_OFF",
        "The connection broke, or no answer came, while the worker logged on.",
        "Test again; if it repeats, restart WinRM and look at the network between.",
        (RESTART_WINRM,),
        TROUBLE,
    ),
)
