"""TLS: what is presented, and what of it the workers refuse."""

from __future__ import annotations

from workers.steps.cures.cure import CERTIFICATES, LISTENER, LISTENERS, Cure

_LISTEN = "deploy/windows/Install-Matryoshka.ps1; Microsoft Learn: New-WSManInstance"
_TLS = "RFC 5280, RFC 9525; deploy/windows/Install-Matryoshka.ps1"

CERTIFIED = (
    Cure(
        "tls",
        "TLS_NOT_SPOKEN",
        "The port answers plain HTTP: there is no TLS on it.",
        "Make an HTTPS listener (its port is 5986), or correct the port in the host's record.",
        (LISTENERS, LISTENER),
        _LISTEN,
    ),
    Cure(
        "tls",
        "TLS_BROKEN_OFF",
        "The handshake broke off: the listener has no usable certificate (no private key), or shares no version or "
        "cipher with the worker.",
        "Give the listener a certificate with its private key; the workers ask for TLS 1.2 or later.",
        (LISTENERS, CERTIFICATES, LISTENER),
        "Microsoft Learn: How to configure WinRM for HTTPS",
    ),
    Cure(
        "tls",
        "TLS_EXPIRED",
        "The certificate has expired.",
        "Renew it and give it to the listener; the installer makes a new one when its own lasts less than a month.",
        (LISTENER,),
        _TLS,
    ),
    Cure(
        "tls",
        "TLS_NOT_YET_VALID",
        "The certificate is not valid yet: the clock of the host or of the worker is wrong.",
        "Correct the clock.",
        ("w32tm /query /status", "w32tm /resync"),
        _TLS,
    ),
    Cure(
        "tls",
        "TLS_SELF_SIGNED",
        "The certificate is signed by itself, and the host's record does not bring it as ca_pem.",
        "Compare the thumbprint with the one on the host; if it is the same, give the certificate as its ca_pem.",
        (CERTIFICATES, LISTENER),
        _TLS,
    ),
    Cure(
        "tls",
        "TLS_UNKNOWN_AUTHORITY",
        "The certificate was issued by an authority that this worker does not know.",
        "Give the authority's certificate as the host's ca_pem.",
        (
            (
                r"Get-ChildItem -Path Cert:\LocalMachine\Root, Cert:\LocalMachine\CA | Where-Object -Property Subject "
                r"-EQ -Value %issuer% | Export-Certificate -FilePath C:\authority.cer"
            ),
            r"certutil -encode C:\authority.cer C:\authority.pem",
        ),
        _TLS,
    ),
    Cure(
        "tls",
        "TLS_WRONG_NAME",
        "The certificate is for other names than the address in the host's record.",
        "Use one of its names as the address, or give the listener a certificate for this address.",
        (LISTENER,),
        _TLS,
    ),
    Cure(
        "tls",
        "TLS_REFUSED",
        "This worker refuses the certificate for another reason, which was seen.",
        "Issue one for server authentication, with a key of 2048 bits or more and SHA-256.",
        (CERTIFICATES, LISTENER),
        _TLS,
    ),
    Cure(
        "tls",
        "TLS_UNEXPECTED",
        "The host's record says http, but the port speaks TLS.",
        "Set scheme to https in the host's record.",
        (LISTENERS,),
        _LISTEN,
    ),
    Cure(
        "tls",
        "BASIC_OVER_HTTP",
        "Basic over plain http would send the password in clear text; nothing was sent.",
        "Use https, or negotiate, which seals every message.",
        (LISTENER,),
        "docs/sources.md H20",
    ),
)
