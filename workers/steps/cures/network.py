"""Names and ports: what the network answers."""

from __future__ import annotations

from workers.steps.cures.cure import LISTENER, LISTENERS, Cure

_LISTEN = "deploy/windows/Install-Matryoshka.ps1; Microsoft Learn: New-WSManInstance"
_SERVICE = "Set-Service -Name WinRM -StartupType Automatic"
_START = "Start-Service -Name WinRM"

NAMES = (
    Cure(
        "name",
        "NAME_UNKNOWN",
        "No name server that this worker asks knows the host's name.",
        "Register the name in DNS, or give the host's address in its record (a certificate must then be for it).",
        (
            "Register-DnsClient",
            "Get-NetIPAddress -AddressFamily IPv4 | Format-Table -Property InterfaceAlias, IPAddress",
        ),
        "Microsoft Learn: Register-DnsClient",
    ),
    Cure(
        "name",
        "NAME_NO_ANSWER",
        "The name servers of this worker did not answer.",
        "Look at the worker's own DNS settings: nothing on the host cures this.",
        (),
        "getaddrinfo(3), EAI_AGAIN",
    ),
)

PORTS = (
    Cure(
        "port",
        "PORT_REFUSED",
        "The host is up and refuses the connection: nothing listens on the port.",
        "Start WinRM and make a listener for the port.",
        (_SERVICE, _START, LISTENERS, LISTENER),
        _LISTEN,
    ),
    Cure(
        "port",
        "PORT_NO_ANSWER",
        "Nothing answers: a firewall drops the packets, or the host is down. On a public network a server's own rules "
        "answer its subnet only.",
        "Open the port for the workers' addresses, on the host and on the way to it.",
        (
            LISTENER,
            (
                "New-NetFirewallRule -DisplayName 'WinRM for Matryoshka' -Direction Inbound -Action Allow "
                "-Protocol TCP -LocalPort %port%"
            ),
            "Get-NetConnectionProfile | Format-Table -Property InterfaceAlias, NetworkCategory",
        ),
        "docs/sources.md H20; Microsoft Learn: New-NetFirewallRule",
    ),
    Cure(
        "port",
        "PORT_NO_ROUTE",
        "This worker's network has no way to the address.",
        "Correct the address, or the routes of the worker's network.",
        ("Get-NetIPAddress -AddressFamily IPv4 | Format-Table -Property InterfaceAlias, IPAddress",),
        "connect(2), ENETUNREACH and EHOSTUNREACH",
    ),
    Cure(
        "port",
        "PORT_BROKEN",
        "The connection broke while it was made.",
        "Look for a device between the worker and the host that resets connections.",
        (LISTENERS,),
        "connect(2)",
    ),
)
