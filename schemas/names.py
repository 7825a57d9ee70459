"""Names and paths as Windows and Hyper-V take them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from schemas.base import text

# Windows computer names (NetBIOS): 1-15 characters, letters, digits and hyphens, not digits alone.
# Microsoft Learn: Naming conventions in Active Directory for computers, domains, sites, and OUs
COMPUTER_NAME = r"(?!\d+$)[A-Za-z0-9]([A-Za-z0-9-]{0,13}[A-Za-z0-9])?"
COMPUTER_NAME_LENGTH = 15
_COMPUTER_HINT = "A computer name is 1-15 letters, digits and inner hyphens, and not digits alone."
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DNS_NAME = rf"{_LABEL}(\.{_LABEL})*"
GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# No leading or trailing blank, none of the characters that a Windows file name refuses: VM names become folder names.
_OBJECT_NAME = r'[^\s\\/:*?"<>|]([^\\/:*?"<>|]*[^\s\\/:*?"<>|.])?'
_PATH = r'[A-Za-z]:\\([^\\/:*?"<>|]+\\)*[^\\/:*?"<>|]*'


def computer_name(**options: Any) -> fields.String:
    """Return a field for a Windows computer name."""
    return text(1, COMPUTER_NAME_LENGTH, pattern=COMPUTER_NAME, hint=_COMPUTER_HINT, **options)


def dns_name(**options: Any) -> fields.String:
    """Return a field for a DNS name or suffix of at most 253 characters."""
    return text(1, 253, pattern=DNS_NAME, hint="Not a DNS name.", **options)


def object_name(longest: int = 80, **options: Any) -> fields.String:
    """Return a field for the name of a VM, a switch or a pool."""
    return text(
        1, longest, pattern=_OBJECT_NAME, hint=r'No \ / : * ? " < > | and no blank or dot at the ends.', **options
    )


def windows_path(suffix: str = "", **options: Any) -> fields.String:
    r"""Return a field for an absolute path with a drive letter, such as `C:\Images\ws2022.vhdx`."""
    hint = f"Not an absolute Windows path such as C:\\Images\\name{suffix or '.vhdx'}."
    pattern = _PATH + suffix.replace(".", r"\.")
    return text(4, 240, pattern=rf"(?!.*\\\.\.?(\\|$)){pattern}", hint=hint, **options)


def guid(**options: Any) -> fields.String:
    """Return a field for a VM id."""
    return text(36, 36, pattern=GUID, hint="Not a GUID.", **options)
