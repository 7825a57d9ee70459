"""How API keys are kept: HMAC-SHA256 with a key of the operator's, which is nowhere in the ledger.

A key has 256 random bits: no salt and no slow hash is needed. Keyed, a copy of the ledger tells nobody whether a string
that was found somewhere is one of its keys. Without a key to do it, keys are kept as SHA-256; these go on working when
there is one, and are hashed anew when they are used.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field


def hash_key(key: str) -> str:
    """Return the hex SHA-256 of a key: how it is kept without a key to hash it with."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True)
class KeyHashes:
    """Hashes keys with `pepper`, 32 secret bytes, b"" for none."""

    pepper: bytes = field(default=b"", repr=False)

    @property
    def keyed(self) -> bool:
        """Whether there is a key to hash with."""
        return bool(self.pepper)

    def digest(self, key: str) -> str:
        """Return the hash under which a key is kept, in hex."""
        return hmac.digest(self.pepper, key.encode(), "sha256").hex() if self.pepper else hash_key(key)

    def digests(self, key: str) -> tuple[str, ...]:
        """Return the hashes under which a key may be kept: as it is done now first."""
        return (self.digest(key), hash_key(key)) if self.pepper else (hash_key(key),)
