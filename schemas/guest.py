"""How the inside of a node is reached."""

from __future__ import annotations

from schemas.base import StrictSchema, choice, text
from schemas.secret import SecretField

SHORTEST_PASSWORD = 8


class GuestSchema(StrictSchema):
    """PowerShell Direct needs no network; WinRM goes to the node's address, from the host.

    Without a password a kind that makes nodes gets a random one for the job; a lab's own is used for a node of a lab.
    Complexity is Windows' to judge; a given value has at least 8 characters.
    """

    access = choice("powershell_direct", "winrm", load_default="powershell_direct")
    username = text(
        1, 20, pattern=r'[^"/\\\[\]:;|=,+*?<>@]+', hint="Not a local user name.", load_default="Administrator"
    )
    password = SecretField(shortest=SHORTEST_PASSWORD)
