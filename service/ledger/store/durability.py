"""Is the server set up so that an acknowledged write survives a power loss and nothing is evicted?"""

from __future__ import annotations

from collections.abc import Mapping

REQUIRED: Mapping[str, str] = {
    "appendonly": "yes",
    "appendfsync": "always",
    "maxmemory-policy": "noeviction",
}


def durability_faults(found: Mapping[str, str]) -> list[str]:
    """Return one sentence for each setting that is not as it must be; empty when all are."""
    return [
        f"{name} is {found.get(name, 'unknown')}, must be {wanted}"
        for name, wanted in REQUIRED.items()
        if found.get(name) != wanted
    ]
