"""Who may log on to the simulated hosts, and as what."""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from spnego._ntlm_raw.crypto import ntowfv1

ADMIN: Final = "admin"
OPERATOR: Final = "operator"
STANDARD: Final = "standard"
LOCKED: Final = "locked"
ROLES: Final = (ADMIN, OPERATOR, STANDARD, LOCKED)
_NO_LM_HASH: Final = "00" * 16
_PRIVATE: Final = 0o600


@dataclass(frozen=True)
class Account:
    """A local account. `operator` may open a shell without being an administrator, `standard` may not (fault 5).

    A `locked` one is refused whatever its password; nobody is told that this is why.
    """

    name: str
    password: str = field(repr=False)
    role: str = ADMIN


def plain_name(user: str) -> str:
    r"""The account of `DOMAIN\user` or `user@host`, in lower case: account names have no case."""
    return user.rpartition("\\")[2].partition("@")[0].lower()


class Accounts:
    """The accounts by name."""

    def __init__(self, accounts: list[Account]) -> None:
        self._accounts = {plain_name(account.name): account for account in accounts}
        self.locked: frozenset[str] = frozenset(name for name, one in self._accounts.items() if one.role == LOCKED)

    def find(self, user: str) -> Account | None:
        """The account of a user name in any form, None when there is none."""
        return self._accounts.get(plain_name(user))

    def lock_out(self, names: frozenset[str]) -> None:
        """Lock these out beside the accounts of the role `locked`; all others may log on again."""
        self.locked = names | {name for name, one in self._accounts.items() if one.role == LOCKED}

    def may_log_on(self, account: Account) -> bool:
        """Whether the account is not locked out."""
        return plain_name(account.name) not in self.locked

    def check(self, user: str, password: str) -> Account | None:
        """The account, when the password is right. Blank passwords cannot be used remotely (docs/sources.md H20)."""
        account = self.find(user)
        if account is None or not password:
            return None
        return account if hmac.compare_digest(account.password.encode(), password.encode()) else None

    def write_ntlm_file(self, path: Path, domains: list[str]) -> None:
        """Write the file that pyspnego's NTLM server reads and name it in NTLM_USER_FILE, which is process-wide.

        It holds NT hashes, not passwords, one line for each form in which a client may name the account.
        """
        lines: list[str] = []
        for account in self._accounts.values():
            hashed = ntowfv1(account.password).hex().upper()
            users = [account.name, *(f"{domain}\\{account.name}" for domain in domains)]
            lines += [f"{user}:1000:{_NO_LM_HASH}:{hashed}:[U]:LCT-00000000" for user in users]
        path.touch(mode=_PRIVATE)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        os.environ["NTLM_USER_FILE"] = str(path)
